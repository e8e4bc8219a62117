"""The workflow file is valid and runs what is there; .ci/run knows what each system lacks."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from here import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"


def jobs(workflow: dict) -> list[dict]:
    return list(workflow["jobs"].values())


class WorkflowTest(unittest.TestCase):
    def setUp(self):
        self.workflow = yaml.safe_load((WORKFLOWS / "ci.yml").read_text(encoding="utf-8"))

    def test_three_systems(self):
        systems = set()
        for job in jobs(self.workflow):
            rows = job.get("strategy", {}).get("matrix", {}).get("include", [{"runner": job["runs-on"]}])
            systems |= {row["runner"] for row in rows}
        self.assertEqual({"ubuntu-24.04", "ubuntu-24.04-arm", "macos-15"}, systems)

    def test_every_job_runs_all_tests_on_jdk_25(self):
        for job in jobs(self.workflow):
            runs = [step["run"] for step in job["steps"] if "run" in step]
            self.assertIn(".ci/run", runs)
            java = next(step for step in job["steps"] if "setup-java" in step.get("uses", ""))
            self.assertEqual("25", java["with"]["java-version"])
            self.assertLessEqual(45, job["timeout-minutes"])

    def test_every_file_that_it_names_exists(self):
        text = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
        named = set(re.findall(r"hashFiles\(([^)]*)\)", text))
        patterns = {quoted for group in named for quoted in re.findall(r"'([^']+)'", group)}
        self.assertTrue(patterns)
        for pattern in patterns | {".ci/run"}:
            self.assertTrue(list(ROOT.glob(pattern)), f"{pattern} is named in ci.yml and does not exist")

    def test_actions_carry_a_version_and_secrets_none(self):
        text = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
        for used in re.findall(r"uses: (\S+)", text):
            self.assertRegex(used, r"^[\w-]+/[\w-]+@v\d+$")
        self.assertNotIn("secrets.", text)
        self.assertEqual({"contents": "read"}, self.workflow["permissions"])

    def test_triggers(self):
        # YAML 1.1 reads the word "on" as true.
        triggers = self.workflow.get("on", self.workflow.get(True))
        self.assertEqual({"push", "pull_request"}, set(triggers))


class RunTest(unittest.TestCase):
    """.ci/run with a PATH of our own: what it would install, and that it ends in ./lab test."""

    def run_on(self, system: str, tools: dict[str, str]) -> tuple[str, str]:
        with tempfile.TemporaryDirectory() as folder:
            clone, bin_ = Path(folder) / "clone", Path(folder) / "bin"
            (clone / ".ci").mkdir(parents=True)
            bin_.mkdir()
            (clone / ".ci" / "run").write_text((ROOT / ".ci" / "run").read_text())
            log = Path(folder) / "log"
            log.write_text("")
            for name in ("bash", "dirname", "tr", "head", "id"):
                (bin_ / name).symlink_to(next(p for p in (f"/usr/bin/{name}", f"/bin/{name}") if os.path.exists(p)))
            scripts = {"uname": f"echo {system}", "id": "echo 0", **tools}
            for name, body in scripts.items():
                (bin_ / name).unlink(missing_ok=True)
                self.script(bin_ / name, body.replace("LOG", str(log)))
            self.script(clone / "lab", f'echo "lab $@" >> {log}')
            done = subprocess.run([bin_ / "bash", clone / ".ci" / "run", "--long"], env={"PATH": str(bin_)},
                                  capture_output=True, text=True, timeout=30)
            return done.stdout, log.read_text()

    def script(self, place: Path, body: str) -> None:
        place.write_text(f"#!/bin/sh\n{body}\n")
        place.chmod(0o755)

    def test_macos_asks_brew_and_never_for_fonts_or_chromium(self):
        said, log = self.run_on("Darwin", {"python3": "exit 0", "brew": 'echo "brew $@" >> LOG'})
        self.assertEqual("brew install --quiet maven\nlab test --long\n", log)
        self.assertIn("Installing: maven", said)

    def test_debian_installs_one_by_one(self):
        said, log = self.run_on("Linux", {"python3": "exit 0", "mvn": "", "g++": "", "apt-get": 'echo "apt-get $@" >> LOG; case "$@" in *chromium*) exit 1;; esac'})
        lines = log.splitlines()
        self.assertEqual("apt-get update -qq", lines[0])
        self.assertEqual(["chromium", "fontconfig", "fonts-dejavu-core"], [line.split()[-1] for line in lines[1:-1]])
        self.assertEqual("lab test --long", lines[-1])
        self.assertIn("chromium could not be installed", said)

    def test_nothing_is_installed_where_nothing_is_missing(self):
        tools = {name: "" for name in ("python3", "mvn", "clang++", "google-chrome")}
        said, log = self.run_on("Linux", {**tools, "fc-list": "echo a font", "apt-get": "echo installed >> LOG"})
        self.assertEqual(("", "lab test --long\n"), (said, log))

    def test_without_an_installer_it_says_what_is_missing(self):
        said, log = self.run_on("Darwin", {"python3": "exit 0"})
        self.assertIn("there is no brew to install it: maven", said)
        self.assertEqual("lab test --long\n", log)


if __name__ == "__main__":
    unittest.main()
