"""The book: reading order, formulas, what its check refuses, and a small book from two notebooks."""

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import nbformat

import here  # noqa: F401
from tinylab import book, paths
from tinylab.book import formulas, links, order
from tinylab.console import Failure, WrongUsage

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


class OrderTest(unittest.TestCase):
    def test_reading_order_is_not_that_of_the_numbers(self):
        names = ["46-profiling", "21-kv-cache", "99-new", "00-start-here", "22-quantized", "23a-gpu", "45-small", "11-attention"]
        self.assertEqual(
            ["00-start-here", "11-attention", "21-kv-cache", "46-profiling", "22-quantized", "45-small", "23a-gpu", "99-new"],
            order.reading(names))


class FormulasTest(unittest.TestCase):
    def test_mathml(self):
        made = formulas.mathml(r"\frac{Q K^\top}{\sqrt{D}}", block=True)
        self.assertIn('display="block"', made)
        self.assertIn("<mfrac>", made)

    def test_a_gap_of_the_converter_is_filled(self):
        self.assertNotIn("\\", formulas.mathml(r"\arg\max_i x_i", block=False))

    def test_what_has_no_sign_is_named(self):
        with self.assertRaisesRegex(Failure, r"holds \\nosuchthing, which MathML has no sign for"):
            formulas.mathml(r"a \nosuchthing b", block=False)


class LinksTest(unittest.TestCase):
    def problems(self, body: str, **files: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.html").write_text(f"<html><body>{body}</body></html>")
            (Path(folder) / "b.html").write_text('<html><body><h2 id="there">x</h2></body></html>')
            for name, text in files.items():
                (Path(folder) / name.replace("_", ".")).write_text(text)
            return links.problems(Path(folder))

    def test_whole(self):
        self.assertEqual([], self.problems(
            '<a href="b.html#there">b</a> <a href="https://example.org/paper">paper</a> <a href="#own">own</a> <i id="own"></i>'
            '<img src="data:image/png;base64,xx"> <img src="x.png">', x_png=""))

    def test_each_fault_is_named(self):
        for body, words in (
            ('<a href="c.html">c</a>', "leads to c.html, which is not there"),
            ('<a href="b.html#gone">b</a>', "that page has no such place"),
            ('<a href="#gone">b</a>', "that page has no such place"),
            ('<a href="../../etc/passwd">b</a>', "leads out of the book"),
            ('<a href="javascript:alert(1)">b</a>', "links to javascript:"),
            ('<img src="https://example.org/x.png">', "from outside"),
            ('<img srcset="x.png 1x, //example.org/y.png 2x" src="b.html">', "from outside"),
            ('<script src="https://cdn.example.org/m.js"></script>', "from outside"),
            ('<link rel="stylesheet" href="//example.org/a.css">', "from outside"),
            ('<p style="background: url(https://example.org/x.png)">x</p>', "from outside"),
            ("<style>@import 'https://example.org/a.css';</style>", "from outside"),
            ("<script>fetch('/x')</script>", "asks the network"),
            ('<i id="one"></i><i id="one"></i>', "the id one stands twice"),
        ):
            with self.subTest(body):
                self.assertTrue(any(words in problem for problem in self.problems(body)), self.problems(body))

    def test_style_sheets_and_scripts_are_read_too(self):
        self.assertIn("s.css loads https://example.org/f.woff, from outside", self.problems("", s_css="a { src: url('https://example.org/f.woff') }"))
        self.assertIn("s.js: a script asks the network", self.problems("", s_js="const x = await fetch(y);"))


class BookTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        solved = self.root / "notebooks" / "solved"
        solved.mkdir(parents=True)
        (self.root / "docs").mkdir()
        (self.root / "docs" / "glossary.md").write_text("# Glossary\n\n## Head\n\nOne way of looking. See [1.1](../notebooks/11-b.ipynb).\n")
        for name, value in (("ROOT", self.root), ("NOTEBOOKS", solved.parent), ("SOLVED", solved)):
            patch = mock.patch.object(paths, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.write("00-a", "# 0 Start\n\nHello $x^2$. Then [1.1](11-b.ipynb#See), a [word](../docs/glossary.md#Head), the [folder](../docs).")
        self.write("11-b", "# 1.1 Next\n\nBack to [0](00-a.ipynb).\n\n## See\n\nHere.")
        self.out = self.root / "out"

    def write(self, name: str, text: str) -> None:
        picture = nbformat.v4.new_output("display_data", {"image/png": PNG, "text/plain": "one <dot>"}, metadata={"image/png": {"width": 7}})
        film = nbformat.v4.new_output("display_data", {"image/gif": "R0lGODlhAQABAAAAACwAAAAAAQABAAA=", "text/plain": "a film"})
        cells = [nbformat.v4.new_markdown_cell(text, id="m"), nbformat.v4.new_code_cell("int unusualName = 1;", id="c", outputs=[picture, film])]
        cells[1].metadata["exercise"] = "1.1 x"
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "java", "pygments_lexer": "java"}})
        nbformat.write(notebook, paths.SOLVED / f"{name}.ipynb")

    def test_pages_links_pictures_and_search(self):
        self.assertEqual(4, book.build(self.out))
        first = (self.out / "00-a.html").read_text()
        for words in ('href="11-b.html#See"', 'href="docs-glossary.html#Head"', "<math", 'width="7"', "one &lt;dot&gt;</figcaption>", ".gif",
                      "Exercise 1.1 x, solved", 'rel="next" href="11-b.html"'):
            self.assertIn(words, first)
        self.assertNotIn("../docs", first)
        self.assertIn('href="11-b.html"', (self.out / "docs-glossary.html").read_text())
        index = json.loads((self.out / "search.js").read_text().removeprefix("window.BOOK = ").removesuffix(";\n"))
        self.assertEqual({"url": "11-b.html#See", "title": "See", "page": "1.1 Next"},
                         {key: next(part for part in index if part["title"] == "See")[key] for key in ("url", "title", "page")})
        self.assertTrue(any("unusualName" in part["text"] for part in index))

    def test_a_broken_link_is_named_and_the_old_book_stays(self):
        book.build(self.out)
        self.write("11-b", "# 1.1 Next\n\n[gone](../docs/gone.md)")
        with self.assertRaisesRegex(Failure, "notebooks/solved/11-b.ipynb links to ../docs/gone.md, which is not there"):
            book.build(self.out)
        self.assertIn("Here.", (self.out / "11-b.html").read_text())

    def test_a_book_replaces_a_book_and_nothing_else(self):
        book.build(self.out)
        (self.out / "old.html").write_text("")
        book.build(self.out)
        self.assertFalse((self.out / "old.html").exists())
        theirs = self.root / "theirs"
        theirs.mkdir()
        (theirs / "letter.txt").write_text("dear")
        with self.assertRaisesRegex(Failure, "holds something else than a book"):
            book.build(theirs)
        self.assertEqual("dear", (theirs / "letter.txt").read_text())

    def test_options(self):
        self.assertEqual(book.DEFAULT, book.parse([]))
        self.assertEqual(self.out, book.parse(["--out", str(self.out)]))
        self.assertEqual(self.out, book.parse([f"--out={self.out}"]))
        for wrong in (["--out"], ["x"], ["--to", "x"]):
            with self.subTest(wrong), self.assertRaises(WrongUsage):
                book.parse(wrong)


if __name__ == "__main__":
    unittest.main()
