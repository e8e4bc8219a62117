"""The README keeps up with the chapters: a row, two links and a small picture each, and no link into nowhere."""

import re
import struct
import unittest

from here import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks" / "src").glob("[0-9]*.java"))
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")


class ReadmeTest(unittest.TestCase):
    def test_every_chapter_has_a_row_with_two_links_and_its_picture(self):
        self.assertTrue(CHAPTERS)
        for name in CHAPTERS:
            with self.subTest(name):
                rows = [line for line in README.splitlines() if line.startswith("|") and f"notebooks/{name}.ipynb" in line]
                self.assertEqual(1, len(rows), f"README.md needs one row of the chapter table that links notebooks/{name}.ipynb")
                self.assertIn(f"(notebooks/solved/{name}.ipynb)", rows[0])
                self.assertIn(f'src="docs/thumbs/{name}.png"', rows[0])

    def test_every_chapter_has_a_small_picture(self):
        for name in CHAPTERS:
            with self.subTest(name):
                place = ROOT / "docs" / "thumbs" / f"{name}.png"
                self.assertTrue(place.exists(), f"docs/thumbs/{name}.png is missing: ./lab notebooks thumbs {name.split('-')[0]}")
                data = place.read_bytes()
                self.assertEqual(b"\x89PNG\r\n\x1a\n", data[:8])
                width, height = struct.unpack(">II", data[16:24])
                self.assertEqual(360, width)
                self.assertLessEqual(height, 240)
                self.assertLess(len(data), 60_000)

    def test_no_small_picture_without_a_chapter(self):
        pictures = {path.stem for path in (ROOT / "docs" / "thumbs").glob("*.png")}
        self.assertEqual(set(), pictures - set(CHAPTERS))

    def test_every_link_leads_somewhere(self):
        for link in (first or second for first, second in LINK.findall(README)):
            if not re.match(r"\w+:", link):
                with self.subTest(link):
                    self.assertTrue((ROOT / link.split("#")[0]).exists(), f"README.md links {link}, which does not exist")

    def test_the_first_picture_is_a_film_with_its_last_frame(self):
        first = LINK.search(README).group(1)
        self.assertEqual(b"GIF89a", (ROOT / first).read_bytes()[:6])
        self.assertLess((ROOT / first).stat().st_size, 1_000_000)
        self.assertIn("](docs/race.png)", README)

    def test_platforms_are_marked(self):
        rows = [line for line in README.split("## Platforms")[1].split("##")[0].splitlines() if line.startswith("| ")][1:]
        self.assertGreaterEqual(len(rows), 5)
        for row in rows:
            self.assertRegex(row, r"tested here|ran on|checked by CI|written.*never run|not served")


if __name__ == "__main__":
    unittest.main()
