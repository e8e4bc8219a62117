"""What a teacher hands out: starters without a way to the solutions, and nothing of the clone changed."""

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import here  # noqa: F401
from tinylab import commands, paths
from tinylab.console import WrongUsage
from tinylab.notebooks import build, source


class HandOutTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "class"
        said = mock.patch("builtins.print")
        said.start()
        self.addCleanup(said.stop)

    def cells(self, name: str) -> list[dict]:
        return json.loads((self.out / name).read_text())["cells"]

    def test_every_chapter_without_its_solutions(self):
        before = {path: path.stat().st_mtime_ns for path in paths.NOTEBOOKS.rglob("*.ipynb")}
        self.assertEqual(0, build.hand_out((), self.out))
        self.assertEqual(before, {path: path.stat().st_mtime_ns for path in paths.NOTEBOOKS.rglob("*.ipynb")})
        written = sorted(path.name for path in self.out.iterdir())
        self.assertEqual(sorted(path.stem + ".ipynb" for path in paths.SOURCES.glob("[0-9]*.java")), written)
        for name in written:
            starter = source.read(paths.SOURCES / name.replace(".ipynb", ".java")).starter
            left = ["".join(cell["source"]) for cell in self.cells(name)]
            gone = [cell.source for cell in starter.cells if cell.source not in left]
            exercises = [cell for cell in starter.cells if "exercise" in cell.metadata]
            self.assertEqual(bool(exercises), bool(gone), name)
            self.assertTrue(all("solution(" in text and "class" not in text for text in gone), name)
            self.assertNotRegex("\n".join(left), r'(?m)^\s*(//\s*)?solution\("', name)
            self.assertTrue(all("todo(" in cell.source for cell in exercises), name)

    def test_one_chapter_and_the_folder_that_is_not_ours(self):
        build.hand_out(("11",), self.out)
        self.assertEqual(["11-attention.ipynb"], [path.name for path in self.out.iterdir()])
        for own in (paths.NOTEBOOKS, paths.MY):
            with self.assertRaisesRegex(WrongUsage, "own notebooks"):
                build.hand_out((), own)

    def test_what_a_cell_may_hold_to_be_left_out(self):
        for text, out in (('// hint("1.1 a");\n// solution("1.1 a");', True), ('hint("1.1 a")', True), ("", False),
                          ('// hint("1.1 a");\nint x = 1;', False), ('show(solution("x"))', False)):
            cell = source._cell(mock.Mock(cell_type="code", metadata={}), text, "id")
            self.assertEqual(out, build._leads_to_solutions(cell), text)

    def test_options(self):
        self.assertEqual(paths.TARGET / "handout", commands.parse("notebooks", ["build", "--no-solutions"]).hand_out)
        parsed = commands.parse("notebooks", ["build", "11", "--no-solutions", "--out", "x"])
        self.assertEqual((Path("x").absolute(), ("11",)), (parsed.hand_out, parsed.chapters))
        for wrong in (["check", "--no-solutions"], ["build", "--out", "x"], ["build", "--no-solutions", "--out"],
                      ["build", "--no-solutions", "--long"], ["--no-solutions"]):
            with self.assertRaises(WrongUsage):
                commands.parse("notebooks", wrong)


if __name__ == "__main__":
    unittest.main()
