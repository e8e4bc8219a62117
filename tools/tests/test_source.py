"""A source becomes a starter and a solved notebook."""

import tempfile
import unittest
from pathlib import Path

from here import FIXTURES
from tinylab.notebooks import source, style

CELL = '// %% tags=["exercise"] exercise="1.1 x"\n{}\n// %%\ncheck("1.1 x", X::new);\n'


def read(text: str) -> source.Chapter:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "11-x.java"
        path.write_text("// %% [markdown]\n// # X\n\n" + text)
        return source.read(path)


class SourceTest(unittest.TestCase):
    def setUp(self):
        self.chapter = source.read(FIXTURES / "99-pilot.java")

    def test_starter_has_a_stub_in_place_of_the_solution(self):
        cell = self.chapter.starter.cells[2].source
        self.assertIn('        return todo("give back two times x");\n    }', cell)
        self.assertNotIn("sum", cell)

    def test_solved_has_the_solution_without_its_markers(self):
        cell = self.chapter.solved.cells[2].source
        self.assertIn("int sum = x + x;", cell)
        self.assertNotIn("SOLUTION", cell)

    def test_hints_stay_commented_and_wrong_answers_stay_out(self):
        text = "\n".join(cell.source for cell in self.chapter.starter.cells)
        self.assertIn('// hint("9.9 double")', text)
        self.assertNotIn("x * x", text)

    def test_kernel_and_exercises(self):
        self.assertEqual("tinyllm-java", self.chapter.starter.metadata.kernelspec["name"])
        self.assertEqual(("9.9 double",), self.chapter.exercises)

    def test_ids_are_the_same_every_time_and_in_both_notebooks(self):
        again = source.read(FIXTURES / "99-pilot.java")
        ids = [cell.id for cell in self.chapter.starter.cells]
        self.assertEqual(ids, [cell.id for cell in again.starter.cells])
        self.assertEqual(ids, [cell.id for cell in self.chapter.solved.cells])
        self.assertEqual("exercise-9-9-double", ids[2])
        self.assertEqual(len(ids), len(set(ids)))

    def test_the_guess_is_left_to_the_reader(self):
        text = '// %%\nshow(1);\npredict("1.1 x", 2.5, "kB")\n\n// %%\nnew Mine().predict(counts, 3);'
        chapter = read(text)
        self.assertEqual('show(1);\npredict("1.1 x", "?", "kB")', chapter.starter.cells[1].source)
        self.assertEqual('show(1);\npredict("1.1 x", 2.5, "kB")', chapter.solved.cells[1].source)
        self.assertEqual("new Mine().predict(counts, 3);", chapter.starter.cells[2].source)

    def test_void_and_omit(self):
        chapter = read(CELL.format(
            "class X {\n  // BEGIN SOLUTION omit\n  int y;\n  // END SOLUTION\n"
            "  void f() {\n    // BEGIN SOLUTION void: count\n    y++;\n    // END SOLUTION\n  }\n}"))
        self.assertEqual('class X {\n  void f() {\n    todo("count");\n  }\n}', chapter.starter.cells[1].source)

    def test_refuses_what_can_not_become_a_notebook(self):
        broken = {
            "END SOLUTION after": CELL.format("// BEGIN SOLUTION a"),
            "without a BEGIN": CELL.format("// END SOLUTION"),
            "inside a solution": CELL.format("// BEGIN SOLUTION a\n// BEGIN SOLUTION b\n// END SOLUTION"),
            "a few words": CELL.format("// BEGIN SOLUTION\n// END SOLUTION"),
            "has no // BEGIN SOLUTION": CELL.format("int x = 1;"),
            "has no cell with check": CELL.format("// BEGIN SOLUTION a\n// END SOLUTION").replace('check("1.1 x"', "// no"),
            "without exercise=": "// %%\n// BEGIN SOLUTION a\n// END SOLUTION\n",
        }
        for words, text in broken.items():
            with self.subTest(words), self.assertRaisesRegex(source.SourceError, words):
                read(text)

    def test_long_cells_are_errors(self):
        self.assertEqual([], style.errors(self.chapter))
        long = read("// %%\n" + "int x = 1;\n" * 26)
        self.assertEqual(["11-x, cell 2: 26 lines of code, at most 25"], style.errors(long))


if __name__ == "__main__":
    unittest.main()
