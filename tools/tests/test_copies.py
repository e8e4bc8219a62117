"""A learner's copy is made once and never touched."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import here  # noqa: F401
from tinylab import copies, paths
from tinylab.console import Failure, WrongUsage


class CopiesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.notebooks = Path(folder.name) / "notebooks"
        self.notebooks.mkdir()
        self.mine = self.notebooks / "my"
        (self.notebooks / "11-attention.ipynb").write_text("first")
        for name, value in (("NOTEBOOKS", self.notebooks), ("MY", self.mine), ("ROOT", Path(folder.name))):
            patch = mock.patch.object(paths, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        said = mock.patch.object(copies, "say")
        self.say = said.start()
        self.addCleanup(said.stop)

    def test_copies_once(self):
        copies.copy_all()
        mine = self.mine / "11-attention.ipynb"
        mine.write_text("my work")
        copies.copy_all()
        self.assertEqual("my work", mine.read_text())
        self.say.assert_not_called()

    def test_a_newer_chapter_is_told_and_leaves_the_copy_alone(self):
        copies.copy_all()
        (self.notebooks / "11-attention.ipynb").write_text("second")
        self.assertEqual("first", copies.copy("11-attention").read_text())
        self.assertIn("newer version", self.say.call_args.args[0])

    def test_fresh_keeps_every_old_copy(self):
        copies.copy_all()
        for work in ("one", "two", "three"):
            (self.mine / "11-attention.ipynb").write_text(work)
            self.assertEqual("first", copies.copy("11-attention", fresh=True).read_text())
        kept = sorted(path.read_text() for path in (self.mine / "old").iterdir())
        self.assertEqual(["one", "three", "two"], kept)

    def test_a_disk_that_is_full_is_said_and_leaves_nothing_half(self):
        with mock.patch.object(copies.os, "fsync", side_effect=OSError(28, "No space left on device")):
            with self.assertRaisesRegex(Failure, "No space left on device.*nothing that was there is changed"):
                copies.copy("11-attention")
        self.assertEqual([], list(self.mine.glob("*.ipynb*")) + list(self.mine.glob("*.tmp")))
        self.assertEqual("first", copies.copy("11-attention").read_text())

    def test_a_copy_that_jupyterlab_made_meanwhile_stays(self):
        self.mine.mkdir()
        (self.mine / "11-attention.ipynb").write_text("my work")
        copies._place(self.mine / "11-attention.ipynb", b"starter")
        self.assertEqual("my work", (self.mine / "11-attention.ipynb").read_text())

    def test_names(self):
        names = ["00-start-here", "01-tensors", "11-attention", "23a-matvec"]
        for number, name in (("11", 2), ("1.1", 2), ("0", 0), ("00", 0), ("0.1", 1), ("23a", 3), ("2.3a", 3), ("11-attention", 2)):
            self.assertEqual(names[name], copies.name_of(number, names))
        with self.assertRaisesRegex(WrongUsage, 'no chapter "99"; the chapters are 00, 01, 11, 23a'):
            copies.name_of("99", names)


if __name__ == "__main__":
    unittest.main()
