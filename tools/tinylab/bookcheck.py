"""The book as a reader has it: built, every link whole, and in a real Chromium the search finds and both themes are readable."""

import re
import tempfile
from pathlib import Path

from . import book, browser
from .console import Failure
from .results import Tally

# Of white text on black it is 21; WCAG asks 4.5 of text.
CONTRAST = 4.5
WAIT_MS = 20_000


def check() -> Tally:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="tinyllm-book-") as folder:
        out = Path(folder) / "book"
        with tally.test("book: built, every link leads somewhere, nothing loads from outside"):
            book.build(out)
        if not tally.failed:
            with tally.test("book: searched and read in a browser, light and dark") as problems:
                problems += visit(browser.executable(), out)
    return tally


def visit(executable: str, out: Path) -> list[str]:
    from playwright.sync_api import sync_playwright

    problems: list[str] = []
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=executable, args=list(browser.FLAGS))
        for theme in ("light", "dark"):
            page = chrome.new_page(viewport={"width": 1280, "height": 900}, color_scheme=theme)
            page.on("request", lambda request: problems.append(f"the page asked for {request.url}")
                    if not request.url.startswith((out.as_uri(), "data:")) else None)
            page.on("pageerror", lambda error: problems.append(f"a script failed: {error}"))
            page.goto((out / "index.html").as_uri(), timeout=WAIT_MS)
            _search(page)
            problems += [f"{theme}: {words}" for words in _faint(page)]
            page.close()
        chrome.close()
    return problems


def _search(page) -> None:
    """What a reader does: words, the first hit, the chapter at that place."""
    page.keyboard.press("/")
    page.keyboard.type("causal mask")
    hit = page.locator("#found a").first
    hit.wait_for(timeout=WAIT_MS)
    if "causal" not in hit.inner_text().lower():
        raise Failure(f'the search for "causal mask" finds {hit.inner_text()[:80]!r} first')
    page.locator("#words").fill("zzzz")
    page.get_by_text("Nothing in the book has all of these words.").wait_for(timeout=WAIT_MS)
    page.locator("#words").fill("softmax")
    hit.wait_for(timeout=WAIT_MS)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/\d\w+-[\w-]+\.html"), timeout=WAIT_MS)
    page.wait_for_selector("main h1", timeout=WAIT_MS)


def _faint(page) -> list[str]:
    """Kinds of text that stand out too little from the page, and pictures without a white card."""
    return page.evaluate(
        """limit => {
          const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(Number)
              .map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
              .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = element => {
            for (let at = element; at; at = at.parentElement) {
              const color = getComputedStyle(at).backgroundColor;
              if (!/, 0\\)$/.test(color)) return color;
            }
            return "rgb(255, 255, 255)";
          };
          const words = [];
          for (const kind of ["main p", "main a", "figcaption", ".contents a", "main code", ".highlight span.kd", ".highlight span.c1", "td", "th"]) {
            const element = document.querySelector(kind);
            if (!element) continue;
            const [one, two] = [light(getComputedStyle(element).color), light(behind(element))];
            const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
            if (contrast < limit) words.push(`${kind} has a contrast of ${contrast.toFixed(1)}, less than ${limit}`);
          }
          for (const picture of document.querySelectorAll("main figure img")) {
            if (getComputedStyle(picture).backgroundColor !== "rgb(255, 255, 255)") words.push("a picture stands on no white card");
            if (!picture.alt) words.push("a picture has no words");
          }
          return words;
        }""", CONTRAST)
