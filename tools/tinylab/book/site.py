"""The whole book: which pages there are, how they lead to each other, what the search finds."""

import html
import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from pygments.formatters import HtmlFormatter

from .. import paths
from ..console import Failure
from . import markup, order

ASSETS = Path(__file__).resolve().parent / "assets"
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg")


@dataclass
class Page:
    """One page; `source` is the notebook or the Markdown file that it comes from."""

    source: Path
    file: str
    body: BeautifulSoup
    title: str
    headings: list[tuple[str, str]] = field(default_factory=list)
    chapter: bool = False


class Book:
    def __init__(self, out: Path):
        self.out = out
        self.pages: list[Page] = []
        self.problems: list[str] = []

    def build(self) -> None:
        names = order.reading([path.stem for path in paths.SOLVED.glob("[0-9]*.ipynb")])
        if not names:
            raise Failure("there is no solved notebook in notebooks/solved: ./lab notebooks build makes them.")
        for name in names:
            source = paths.SOLVED / f"{name}.ipynb"
            body, pictures = markup.notebook(source, "pictures")
            for place, data in pictures.items():
                self._file(place).write_bytes(data)
            self._add(source, f"{name}.html", body, chapter=True)
        for page in self.pages:  # grows: a page of Markdown that is linked becomes a page too
            self._follow(page)
        if self.problems:
            raise Failure("the book has broken links:\n" + "\n".join(f"    {problem}" for problem in self.problems))
        self._write()

    def _add(self, source: Path, file: str, body: str, chapter: bool = False) -> Page:
        soup = BeautifulSoup(body, "html.parser")
        first = soup.find("h1")
        title = _text(first) if first else source.stem
        page = Page(source, file, soup, title, [(tag["id"], _text(tag)) for tag in soup.find_all("h2") if tag.get("id")], chapter)
        self.pages.append(page)
        return page

    # Links

    def _follow(self, page: Page) -> None:
        for tag in page.body.find_all(["a", "img"]):
            name = "href" if tag.name == "a" else "src"
            link = tag.get(name, "")
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.path or (self.out / parts.path).is_file():
                continue
            target = self._target(page, unquote(parts.path))
            if target is None:
                where = page.source.relative_to(paths.ROOT) if page.source.is_relative_to(paths.ROOT) else page.source.name
                self.problems.append(f"{where} links to {link}, which is not there")
            elif target == "":
                tag.replace_with(*tag.contents)
            else:
                tag[name] = target + (f"#{parts.fragment}" if parts.fragment else "")

    def _target(self, page: Page, path: str) -> str | None:
        """The book's own address of what a page links to; empty for a folder, None for what is not there."""
        stem = Path(path).name
        chapter = next((other for other in self.pages if other.chapter and other.source.name == stem), None)
        if chapter:
            return chapter.file
        for base in (page.source.parent, paths.NOTEBOOKS, paths.ROOT):
            place = (base / path).resolve()
            if place.exists() and place.is_relative_to(paths.ROOT):
                break
        else:
            return None
        if place.is_dir():
            return ""
        if place.suffix == ".md":
            return self._page_of(place)
        kind = "pictures" if place.suffix.lower() in PICTURES else "files"
        name = "-".join(place.relative_to(paths.ROOT).parts)
        shutil.copyfile(place, self._file(f"{kind}/{name}"))
        return quote(f"{kind}/{name}")

    def _file(self, name: str) -> Path:
        place = self.out / name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _page_of(self, place: Path) -> str:
        for page in self.pages:
            if page.source == place:
                return page.file
        file = "-".join(place.relative_to(paths.ROOT).with_suffix(".html").parts).lower()
        return self._add(place, file, markup.markdown(place.read_text(encoding="utf-8"))).file

    # Writing

    def _write(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        for asset in ("book.css", "book.js"):
            shutil.copyfile(ASSETS / asset, self.out / asset)
        (self.out / "code.css").write_text(_code_style())
        (self.out / "search.js").write_text("window.BOOK = " + json.dumps(self._index(), ensure_ascii=False) + ";\n", encoding="utf-8")
        chapters = [page for page in self.pages if page.chapter]
        for page in self.pages:
            self._write_page(page.file, page.title, str(page.body) + _turn(chapters, page), page)
        self._write_page("index.html", "Tiny LLM Lab", _cover(chapters), None)

    def _write_page(self, file: str, title: str, body: str, page: Page | None) -> None:
        frame = (ASSETS / "page.html").read_text(encoding="utf-8")
        for name, value in (("TITLE", html.escape(title)), ("CONTENTS", self._contents(page)), ("BODY", body)):
            frame = frame.replace(f"@{name}@", value, 1)
        (self.out / file).write_text(frame, encoding="utf-8")

    def _contents(self, current: Page | None) -> str:
        lines = []
        for page in self.pages:
            here = page is current
            lines.append(f'<li{" class=here" if here else ""}><a href="{quote(page.file)}"'
                         f'{" aria-current=page" if here else ""}>{html.escape(page.title)}</a>')
            if here:
                items = "".join(f'<li><a href="#{quote(anchor)}">{html.escape(text)}</a></li>' for anchor, text in page.headings)
                lines.append(f"<ul>{items}</ul>")
            lines.append("</li>")
        return "".join(lines)

    def _index(self) -> list[dict]:
        """What the search looks through: each page cut at its second-level headings."""
        found = []
        for page in self.pages:
            part = {"page": page.title, "url": page.file, "title": page.title, "text": ""}
            for block in page.body.find_all(["h2", "p", "li", "td", "th", "pre", "figcaption", "summary"]):
                if block.name == "h2" and block.get("id"):
                    found.append(part)
                    part = {"page": page.title, "url": f"{page.file}#{quote(block['id'])}", "title": _text(block), "text": ""}
                elif block.find(["p", "li", "pre"]) is None:
                    part["text"] += " " + " ".join(block.get_text().split())
            found.append(part)
        return [{**part, "text": part["text"].strip()} for part in found]


def _text(tag: Tag) -> str:
    """A heading's words, without the sign that links to it."""
    return "".join(child.get_text() if isinstance(child, Tag) else child for child in tag.contents
                   if not (isinstance(child, Tag) and "anchor-link" in child.get("class", []))).strip()


def _turn(chapters: list[Page], page: Page) -> str:
    """Links to the chapters before and after."""
    if page not in chapters:
        return ""
    at = chapters.index(page)
    before = chapters[at - 1] if at else None
    after = chapters[at + 1] if at + 1 < len(chapters) else None
    parts = [f'<a rel="{rel}" href="{quote(other.file)}">{words} {html.escape(other.title)}</a>' if other else "<span></span>"
             for rel, words, other in (("prev", "←", before), ("next", "→", after))]
    return f'<nav class="turn" aria-label="Chapters before and after">{"".join(parts)}</nav>'


def _cover(chapters: list[Page]) -> str:
    cards = []
    for page in chapters:
        first = page.body.find("p")
        picture = page.body.find("img")
        shown = f'<img src="{picture["src"]}" alt="">' if picture else ""
        words = re.split(r"(?<=[.!?]) ", first.get_text(" ", strip=True) if first else "")[0]
        cards.append(f'<li><a href="{quote(page.file)}"><span class="thumb">{shown}</span><strong>{html.escape(page.title)}</strong>'
                     f"<span>{html.escape(words)}</span></a></li>")
    return ("<h1>Tiny LLM Lab</h1><p>Build, step by step, a small vLLM for Qwen2-family models in Java notebooks. These are the solved "
            "chapters, with what they showed when they ran; <code>./lab</code> opens them as notebooks in which you write the solutions "
            f'yourself.</p><ol class="cards">{"".join(cards)}</ol>')


def _code_style() -> str:
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(":root[data-theme=dark] .highlight")
    return light + "\n" + dark + "\n"
