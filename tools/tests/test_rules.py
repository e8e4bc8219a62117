"""What an executed notebook must and must not show."""

import json
import tempfile
import unittest
from pathlib import Path

from nbformat.v4 import new_output

from here import FIXTURES
from tinylab.notebooks import rules, scan, source


def chapter(solved: str, starter: str = "○ 9.9 double: not solved yet · Double") -> source.Chapter:
    made = source.read(FIXTURES / "99-pilot.java")
    for notebook, text in ((made.solved, solved), (made.starter, starter)):
        notebook.cells[3].outputs = [new_output("display_data", {"text/plain": text, "text/html": "<p>"})]
    return made


class RulesTest(unittest.TestCase):
    def test_green(self):
        made = chapter("✔ 9.9 double: correct · Double · 7 of 7 cases agree\n  ✔ one row  [4] f32  0  correct")
        self.assertEqual([], rules.solved(made))
        self.assertEqual([], rules.starter(made))

    def test_everything_but_correct_fails(self):
        for words in ("incorrect", "not solved yet", "crashed", "the library's own"):
            with self.subTest(words):
                problems = rules.solved(chapter(f"✘ 9.9 double: {words} · Double\n  ✔ one row  correct"))
                self.assertEqual([f'cell 4: the check "9.9 double" says "{words}", not "correct"'], problems)

    def test_silence_fails(self):
        self.assertEqual(1, len(rules.solved(chapter("nothing here"))))

    def test_errors_and_stack_traces_fail(self):
        made = chapter("✔ 9.9 double: correct · Double")
        made.solved.cells[4].outputs = [new_output("error", ename="X", evalue="y", traceback=[])]
        self.assertEqual(["cell 5 failed: X: y"], rules.solved(made))
        trace = ["not solved yet: a", "    at REPL.$JShell$11.do_it$(#1:7)"]
        made.starter.cells[4].outputs = [new_output("error", ename="X", evalue="y", traceback=trace)]
        self.assertEqual(["cell 5 shows a stack trace"], rules.starter(made))


class ScanTest(unittest.TestCase):
    def test_tokens_homes_and_keys(self):
        for text in ("http://127.0.0.1:8888/lab?token=0123456789abcdef0123", "in /home/anna/models", "/Users/bo/x", "hf_" + "a" * 24):
            with self.subTest(text):
                self.assertEqual(1, len(scan.secrets(text)))

    def test_ordinary_text(self):
        for text in ("12 tokens/s", "token = 42", "notebooks/my/src", "~/.cache/tinyllm", "the token=end"):
            with self.subTest(text):
                self.assertEqual([], scan.secrets(text))

    def test_pictures_are_not_read(self):
        made = source.read(FIXTURES / "99-pilot.java").solved
        made.cells[1].outputs = [new_output("display_data", {"image/png": "/home/anna/", "text/plain": "/home/anna/x"})]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "99-pilot.ipynb"
            path.write_text(json.dumps(made))
            self.assertEqual(['99-pilot.ipynb, cell 2: its output holds a home folder ("/home/anna")'], scan.notebook(path))


if __name__ == "__main__":
    unittest.main()
