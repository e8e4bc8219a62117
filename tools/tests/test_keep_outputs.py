"""New words beside stored outputs: nothing is executed, and old outputs never stand below new code."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import nbformat
from here import FIXTURES
from tinylab import commands, paths
from tinylab.console import Failure, WrongUsage
from tinylab.notebooks import build, source


class KeepOutputsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.source = self.folder / "99-pilot.java"
        self.source.write_text((FIXTURES / "99-pilot.java").read_text())
        for name, place in ("NOTEBOOKS", self.folder), ("SOLVED", self.folder / "solved"):
            patch = mock.patch.object(paths, name, place)
            patch.start()
            self.addCleanup(patch.stop)
        said = mock.patch("builtins.print")
        said.start()
        self.addCleanup(said.stop)

    def execute(self) -> None:
        """As if it had been executed."""
        solved = source.read(self.source).solved
        for number, cell in enumerate(solved.cells):
            if cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("stream", text=f"output {number}")]
                cell.execution_count = number
        build.store(solved, self.folder / "solved" / "99-pilot.ipynb")

    def edit(self, old: str, new: str) -> None:
        text = self.source.read_text()
        self.assertIn(old, text)
        self.source.write_text(text.replace(old, new))

    def stored(self, place: str) -> nbformat.NotebookNode:
        return nbformat.read(self.folder / place, as_version=4)

    def test_new_words_with_the_old_outputs(self):
        self.execute()
        before = [cell for cell in self.stored("solved/99-pilot.ipynb").cells if cell.cell_type == "code"]
        words = next(line for line in self.source.read_text().split("\n") if line.startswith("// #"))
        self.edit(words, words + "\n//\n// Quite new words.")
        build.rewrite(self.source)
        solved = self.stored("solved/99-pilot.ipynb")
        self.assertEqual(before, [cell for cell in solved.cells if cell.cell_type == "code"])
        for notebook in solved, self.stored("99-pilot.ipynb"):
            self.assertIn("Quite new words.", "".join(cell.source for cell in notebook.cells))

    def test_changed_code_is_refused_and_nothing_written(self):
        self.execute()
        before = (self.folder / "solved" / "99-pilot.ipynb").read_bytes()
        self.edit("int sum = x + x;", "int sum = 2 * x;")
        with self.assertRaisesRegex(Failure, r"its code changed \(.*\), so its outputs are old: ./lab notebooks build 99"):
            build.rewrite(self.source)
        self.assertEqual(before, (self.folder / "solved" / "99-pilot.ipynb").read_bytes())
        self.assertFalse((self.folder / "99-pilot.ipynb").exists())

    def test_a_chapter_that_never_ran(self):
        with self.assertRaisesRegex(Failure, "never executed: ./lab notebooks build 99"):
            build.rewrite(self.source)

    def test_the_option_goes_with_build_alone(self):
        self.assertTrue(commands.parse("notebooks", ["build", "--keep-outputs", "11"]).keep_outputs)
        self.assertFalse(commands.parse("notebooks", ["build", "11"]).keep_outputs)
        for wrong in ["check", "--keep-outputs"], ["build", "--keep-outputs", "--no-solutions"]:
            with self.assertRaises(WrongUsage):
                commands.parse("notebooks", wrong)


if __name__ == "__main__":
    unittest.main()
