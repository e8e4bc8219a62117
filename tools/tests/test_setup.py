"""Finding a JDK, the stamps, the options, and the script before anything is set up."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from here import ROOT
from tinylab import commands, jupyter, machine, paths, setup, stamps
from tinylab.console import Failure, WrongUsage


def jdk(folder: Path, name: str, version: str, javac: bool = True) -> Path:
    home = folder / name
    (home / "bin").mkdir(parents=True)
    (home / "release").write_text(f'IMPLEMENTOR="Somebody"\nJAVA_VERSION="{version}"\n')
    if javac:
        (home / "bin" / "javac").write_text("")
        (home / "bin" / "javac").chmod(0o755)
    return home


class JdkTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.old = jdk(self.folder, "17", "17.0.15")
        self.right = jdk(self.folder, "25", "25.0.1")
        self.newer = jdk(self.folder, "26", "26")
        self.runtime = jdk(self.folder, "25-jre", "25.0.1", javac=False)

    def test_25_before_a_newer_one(self):
        with mock.patch.dict(os.environ, {"JAVA_HOME": ""}):
            self.assertEqual(self.right, machine.find_jdk([self.old, self.newer, self.runtime, self.right]))

    def test_java_home_wins(self):
        with mock.patch.dict(os.environ, {"JAVA_HOME": str(self.newer)}):
            self.assertEqual(self.newer, machine.find_jdk([self.newer, self.right]))

    def test_an_old_java_home_is_passed_over(self):
        with mock.patch.dict(os.environ, {"JAVA_HOME": str(self.old)}):
            self.assertEqual(self.right, machine.find_jdk([self.old, self.right]))

    def test_none(self):
        with self.assertRaisesRegex(Failure, r"no JDK 25 was found \(only 17\): install one"):
            machine.find_jdk([self.old, self.runtime, self.folder / "missing"])


class MavenTest(unittest.TestCase):
    """Maven by itself, as an IDE's terminal has it."""

    slow = True

    def test_a_wrong_jdk_is_named_in_one_sentence(self):
        old = [place for place in machine.jdk_candidates() if 11 <= (machine.java_version(place) or 0) < 25]
        if not old or not setup.built():
            self.skipTest("no JDK older than 25 is here")
        done = subprocess.run(
            [machine.find_maven(), "-o", "-q", "-B", "validate"], cwd=ROOT, env={**os.environ, "JAVA_HOME": str(old[0])},
            capture_output=True, text=True, timeout=60)
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stdout, rf"needs JDK 25 or newer, and Maven runs on \S+ \({re.escape(str(old[0].resolve()))}\): set JAVA_HOME to a JDK 25")

    def test_jvm_flags_name_the_one_folder(self):
        with mock.patch.dict(os.environ, {"TINYLLM_HOME": "/some where"}):
            flags = setup.jvm_flags()
        self.assertIn("-Duser.home=/some where/java", flags)
        self.assertIn("-Dorg.bytedeco.javacpp.cachedir=/some where/javacpp", flags)
        self.assertNotIn("${", " ".join(flags))


class StampTest(unittest.TestCase):
    def test_changes_with_content_name_and_deletion_but_not_with_time(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(paths, "ROOT", Path(folder)):
            source = Path(folder) / "src"
            source.mkdir()
            (source / "A.java").write_text("a")
            first = stamps.digest(source)
            os.utime(source / "A.java", (1, 1))
            self.assertEqual(first, stamps.digest(source))
            (source / "B.java").write_text("")
            second = stamps.digest(source)
            (source / "B.java").rename(source / "C.java")
            self.assertEqual(3, len({first, second, stamps.digest(source)}))
            (source / "C.java").unlink()
            self.assertEqual(first, stamps.digest(source))

    def test_an_interrupted_build_leaves_no_half_jar(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(paths, "ROOT", Path(folder)):
            target = Path(folder) / "lib" / "core" / "target"
            (target / "classes").mkdir(parents=True)
            (target / "core.jar").write_text("half")
            setup._drop_half_written()
            self.assertEqual([], list(target.iterdir()))


class OptionsTest(unittest.TestCase):
    def test_jupyter(self):
        self.assertEqual(jupyter.Options(False, 9000), jupyter.parse(["--no-browser", "--port", "9000"], chapter=False))
        self.assertEqual(jupyter.Options(True, 9000, True, ("11",)), jupyter.parse(["11", "--fresh", "--port=9000"], chapter=True))
        for wrong in (["--port"], ["--port", "0"], ["--port=70000"], ["--ip=0.0.0.0"], ["11"], ["--fresh"]):
            with self.subTest(wrong), self.assertRaises(WrongUsage):
                jupyter.parse(wrong, chapter=False)

    def test_notebooks_and_test(self):
        self.assertEqual(commands.Options("check", ("11",), True), commands.parse("notebooks", ["check", "11", "--long"]))
        for command, words in (("notebooks", []), ("notebooks", ["run"]), ("notebooks", ["check", "-x"]), ("test", ["11"])):
            with self.subTest(words), self.assertRaises(WrongUsage):
                commands.parse(command, words)

    def test_the_server_stays_on_this_machine(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"TINYLLM_HOME": folder}):
            jupyter.write_settings()
            server = (Path(folder) / "jupyter" / "config" / "jupyter_server_config.json").read_text()
            overrides = (Path(folder) / "jupyter" / "config" / "labconfig" / "default_setting_overrides.json").read_text()
        self.assertIn('"ip": "127.0.0.1"', server)
        self.assertNotIn("token", server)
        self.assertIn('"allowCommandLinker": false', overrides)


class ScriptTest(unittest.TestCase):
    def lab(self, *arguments: str, **env: str) -> subprocess.CompletedProcess:
        with tempfile.TemporaryDirectory() as folder:
            base = {"HOME": folder, "PATH": os.environ["PATH"], "TINYLLM_HOME": folder + "/home"}
            done = subprocess.run([ROOT / "lab", *arguments], env={**base, **env}, capture_output=True, text=True, timeout=60)
            self.assertEqual([], os.listdir(folder), "nothing may be written yet")
        return done

    def test_help_needs_nothing(self):
        done = self.lab("--help", PATH="/usr/bin:/bin")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("./lab doctor", done.stdout)

    def test_every_command_has_help(self):
        for command in ("chapter", "test", "notebooks"):
            done = self.lab(command, "--help")
            self.assertEqual(0, done.returncode)
            self.assertIn(f"Usage: ./lab {command}", done.stdout)

    def test_wrong_usage(self):
        for words in (["fly"], ["chapter"], ["notebooks"], ["test", "x"], ["--port", "x"]):
            with self.subTest(words):
                done = self.lab(*words)
                self.assertEqual((2, ""), (done.returncode, done.stdout))
                self.assertEqual(1, done.stderr.count("\n"), done.stderr)


if __name__ == "__main__":
    unittest.main()
