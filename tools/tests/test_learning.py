"""An evening on a real clone: open, solve, let Jupyter save, pull a newer chapter, on a disk that is full, with two at once."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

from here import ROOT, TOOLS
from tinylab import copies, paths

CHAPTER = "11-attention"
SOLVED = "class MySoftmax implements SoftmaxFn { /* an evening's work */ }"


def manager(folder: Path):
    """The class that saves for JupyterLab, with the lab's own settings."""
    from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

    return AsyncLargeFileManager(root_dir=str(folder), pre_save_hook="tinylab.saving.only_mine")


def save(folder: Path, path: str, notebook: dict) -> None:
    async def run() -> None:
        await manager(folder).save({"type": "notebook", "format": "json", "content": notebook}, path)
    asyncio.run(run())


class EveningTest(unittest.TestCase):
    slow = True  # starts git, and Python anew

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tinyllm-evening-")
        self.addCleanup(folder.cleanup)
        self.upstream = Path(folder.name) / "upstream"
        self.clone = Path(folder.name) / "clone"
        (self.upstream / "notebooks").mkdir(parents=True)
        for name in (".gitignore", f"notebooks/{CHAPTER}.ipynb", "notebooks/12-rope.ipynb"):
            (self.upstream / name).write_bytes((ROOT / name).read_bytes())
        self.git(self.upstream, "init", "-q", "-b", "main")
        self.commit("first")
        self.git(self.upstream.parent, "clone", "-q", str(self.upstream), str(self.clone))
        self.notebooks = self.clone / "notebooks"
        for name, value in (("NOTEBOOKS", self.notebooks), ("MY", self.notebooks / "my"), ("ROOT", self.clone)):
            patch = mock.patch.object(paths, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        said = mock.patch.object(copies, "say")
        self.say = said.start()
        self.addCleanup(said.stop)

    def git(self, folder: Path, *arguments: str) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> None:
        self.git(self.upstream, "add", "-A")
        self.git(self.upstream, "commit", "-q", "-m", message)

    def solve(self) -> dict:
        """What JupyterLab holds after the first exercise was typed and run."""
        mine = copies.copy(CHAPTER)
        notebook = json.loads(mine.read_text())
        cell = next(cell for cell in notebook["cells"] if "exercise" in cell["metadata"])
        cell["source"] = SOLVED
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 20_000}]
        cell["execution_count"] = 1
        return notebook

    def typed(self) -> bool:
        mine = json.loads((self.notebooks / "my" / f"{CHAPTER}.ipynb").read_text())
        return any("".join(cell["source"]) == SOLVED for cell in mine["cells"])

    def test_nothing_tracked_changes_and_a_newer_chapter_meets_no_conflict(self):
        save(self.notebooks, f"my/{CHAPTER}.ipynb", self.solve())
        (self.notebooks / "my" / "src").mkdir()
        (self.notebooks / "my" / "src" / "C1_1_Softmax.java").write_text("class C1_1_Softmax {}")
        (self.notebooks / "my" / "progress.json").write_text("{}")
        self.assertEqual("", self.git(self.clone, "status", "--porcelain"))

        starter = self.upstream / "notebooks" / f"{CHAPTER}.ipynb"
        starter.write_text(starter.read_text().replace("# 1.1 Attention", "# 1.1 Attention, made anew"))
        self.commit("a better chapter")
        self.git(self.clone, "pull", "-q", "--ff-only")
        self.assertIn("made anew", (self.notebooks / f"{CHAPTER}.ipynb").read_text())
        self.assertTrue(self.typed())
        copies.copy(CHAPTER)
        self.assertIn("newer version", self.say.call_args.args[0])
        self.assertTrue(self.typed())
        self.assertEqual("", self.git(self.clone, "status", "--porcelain"))

        fresh = copies.copy(CHAPTER, fresh=True)
        self.assertIn("made anew", fresh.read_text())
        old = list((self.notebooks / "my" / "old").glob("*.ipynb"))
        self.assertEqual(1, len(old))
        self.assertIn("an evening's work", old[0].read_text())
        self.assertEqual("", self.git(self.clone, "status", "--porcelain"))

    def test_jupyterlab_refuses_to_save_a_starter(self):
        from tornado.web import HTTPError

        notebook = self.solve()
        for path in (f"{CHAPTER}.ipynb", "Untitled.ipynb", "solved/x.ipynb", "myself.ipynb"):
            with self.assertRaises(HTTPError) as refused:
                save(self.notebooks, path, notebook)
            self.assertEqual(403, refused.exception.status_code)
            self.assertIn("is not yours to change", refused.exception.log_message)
        self.assertEqual("", self.git(self.clone, "status", "--porcelain"))

    def test_a_full_disk_while_saving_loses_nothing(self):
        """A limit on a file's size stops a write half-way, as a full disk does."""
        save(self.notebooks, f"my/{CHAPTER}.ipynb", self.solve())
        mine = self.notebooks / "my" / f"{CHAPTER}.ipynb"
        before = mine.read_bytes()
        program = textwrap.dedent(f"""
            import json, resource, sys
            from pathlib import Path
            sys.path[:0] = [{str(TOOLS)!r}, {str(TOOLS / "tests")!r}]
            import test_learning
            folder = Path({str(self.notebooks)!r})
            notebook = json.loads(Path({str(mine)!r}).read_text())
            notebook["cells"][0]["source"] = "# newer, and longer" + "x" * 300_000
            resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before)} + 20_000, {len(before)} + 20_000))
            try:
                test_learning.save(folder, "my/{CHAPTER}.ipynb", notebook)
            except Exception as refused:
                print("refused", refused)
            """)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertIn("refused", done.stdout, done.stderr)
        self.assertEqual(before, mine.read_bytes())
        self.assertTrue(self.typed())
        self.assertEqual("", self.git(self.clone, "status", "--porcelain"))

    def test_a_full_disk_while_copying_is_one_sentence(self):
        """JupyterLab's copy is far larger than the limit; the second try, with room, makes it."""
        environment = {**os.environ, "TINYLLM_NOTEBOOKS_ROOT": str(self.notebooks), "PYTHONPATH": str(TOOLS)}
        command = [sys.executable, "-c", "from tinylab import cli, copies; copies.copy_all()"]
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # noqa: E731
        full = subprocess.run(command, env=environment, preexec_fn=limit, capture_output=True, text=True)
        self.assertIn("can't be written (File too large)", full.stderr.splitlines()[-1])
        self.assertEqual([], list((self.notebooks / "my").glob("*.ipynb")))
        self.assertEqual([], list((self.notebooks / "my").glob(".*.tmp")))
        subprocess.run(command, env=environment, check=True)
        self.assertEqual(2, len(list((self.notebooks / "my").glob("*.ipynb"))))

    def test_two_labs_at_once_make_one_whole_copy(self):
        environment = {**os.environ, "TINYLLM_NOTEBOOKS_ROOT": str(self.notebooks), "PYTHONPATH": str(TOOLS)}
        command = [sys.executable, "-c", "from tinylab import copies; copies.copy_all()"]
        both = [subprocess.Popen(command, env=environment) for _ in range(4)]
        self.assertEqual([0, 0, 0, 0], [each.wait() for each in both])
        for name in (CHAPTER, "12-rope"):
            self.assertEqual((self.notebooks / f"{name}.ipynb").read_bytes(), (self.notebooks / "my" / f"{name}.ipynb").read_bytes())
        self.assertEqual({CHAPTER, "12-rope"}, set(json.loads((self.notebooks / "my" / copies.RECORD).read_text())))


if __name__ == "__main__":
    unittest.main()
