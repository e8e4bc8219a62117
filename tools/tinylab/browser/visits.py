"""Which chapters are looked at in which theme and width, and what a visit does."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from .. import copies, paths
from ..console import Failure
from .chrome import Chrome
from .notebook import Notebook
from .server import Server

SHOTS = paths.TARGET / "screenshots"


@dataclass(frozen=True)
class Visit:
    """What to do in a chapter: the first exercise is typed in, these cells are run, and the last of them shows this kind of picture."""

    chapter: str
    theme: str
    width: int
    then: tuple[str, ...] = ()
    picture: str = ""

    @property
    def name(self) -> str:
        return f"chapter {self.chapter}, {self.theme}, {self.width} px"


# A part of the source of each cell that is run after the exercise; the last one shows the picture.
CHAPTERS = {
    "00": (("Machine.report()",), ""),
    "02": (("TokenCut.of",), ""),
    "11": (("var sentence", "AttentionMaps mine()", "mine().film()"), "gif"),
    "16": (("var question", "var tokenizer", "Generator generator()", "var told = ColoredText"), "gif"),
}
COMBINATIONS = (("light", 1280), ("dark", 1280), ("light", 800), ("dark", 800))
EACH_ONCE = {"00": ("light", 800), "02": ("dark", 800), "11": ("dark", 1280), "16": ("light", 1280)}


def of(long: bool) -> list[Visit]:
    """Each chapter in one combination; with `long` in all of them."""
    return [Visit(chapter, theme, width, *CHAPTERS[chapter])
            for chapter in CHAPTERS
            for theme, width in (COMBINATIONS if long else [EACH_ONCE[chapter]])]


def make_copies(folder: Path, visits: list[Visit]) -> None:
    """The starters, and of each visited chapter a learner's copy in which all exercises but the first are solved."""
    notebooks = folder / "notebooks"
    (notebooks / "my").mkdir(parents=True)
    for starter in paths.NOTEBOOKS.glob("[0-9]*.ipynb"):
        shutil.copyfile(starter, notebooks / starter.name)
    for name in {copies.name_of(visit.chapter) for visit in visits}:
        copy, solved = _read(paths.NOTEBOOKS / f"{name}.ipynb"), _read(paths.SOLVED / f"{name}.ipynb")
        sources = {cell["id"]: cell["source"] for cell in solved["cells"]}
        for cell in _exercises(copy)[1:]:
            cell["source"] = sources[cell["id"]]
        (notebooks / "my" / f"{name}.ipynb").write_text(json.dumps(copy), encoding="utf-8")


def pay(visit: Visit, chrome: Chrome, server: Server) -> list[str]:
    """Open the chapter, solve its first exercise, check it, see what it shows; returns what is wrong."""
    name = copies.name_of(visit.chapter)
    shots = SHOTS / f"{visit.chapter}-{visit.theme}-{visit.width}"
    shutil.rmtree(shots, ignore_errors=True)
    shots.mkdir(parents=True)
    # JupyterLab saves the copy by and by: what was in it before this visit is what the visit needs.
    starter, solved = _read(paths.NOTEBOOKS / f"{name}.ipynb"), _read(paths.SOLVED / f"{name}.ipynb")
    server.use_theme(visit.theme)
    page = chrome.page(visit.width)
    try:
        notebook = Notebook(page)
        notebook.open(server.address(f"{name}.ipynb", f"{visit.chapter}-{visit.theme}-{visit.width}"))
        page.screenshot(path=shots / "1-opened.png")
        dark = page.evaluate("document.body.dataset.jpThemeLight") == "false"
        if dark != (visit.theme == "dark"):
            raise Failure(f"the page is {'dark' if dark else 'light'}, not {visit.theme}")
        return _exercise(notebook, starter, solved, shots) + _then(notebook, visit, starter, solved, shots)
    except Exception:
        page.screenshot(path=shots / "failed.png")
        raise
    finally:
        page.close()
        server.stop_kernels()


def _exercise(notebook: Notebook, starter: dict, solved: dict, shots: Path) -> list[str]:
    """The stub's check says "not solved yet"; with the solution typed in it is green."""
    first = next(i for i, cell in enumerate(starter["cells"]) if "exercise" in cell["metadata"])
    identity = starter["cells"][first]["metadata"]["exercise"]
    check = _place(starter, f'check("{identity}"')
    notebook.type(first, _text(starter["cells"][first]))
    notebook.run(first)
    notebook.run(check)
    _says(notebook, check, "not solved yet")
    problems = notebook.unreadable(check)
    notebook.type(first, _text(solved["cells"][first]))
    notebook.run(first)
    notebook.run(check)
    _says(notebook, check, f"{identity}: correct")
    notebook.look(check, shots / "2-check.png")
    return problems + notebook.unreadable(check)


def _then(notebook: Notebook, visit: Visit, starter: dict, solved: dict, shots: Path) -> list[str]:
    problems = []
    places = [_place(solved, part) for part in visit.then]
    exercises = [i for i, cell in enumerate(starter["cells"]) if "exercise" in cell["metadata"]][1:]
    order = sorted({*places, *(exercises if visit.picture else [])})
    for number, index in enumerate(order):
        notebook.run(index)
        if index in places:
            notebook.look(index, shots / f"{number + 3}-cell-{index + 1}.png")
            problems += notebook.unreadable(index)
    if visit.picture:
        notebook.image(places[-1], visit.picture)
        notebook.look(places[-1], shots / "9-film.png")
    return problems


def _says(notebook: Notebook, index: int, words: str) -> None:
    text = notebook.output(index).text_content() or ""
    if words not in text:
        raise Failure(f'the check does not say "{words}": {text.strip()[:200]}')


def _place(notebook: dict, part: str) -> int:
    for index, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code" and part in _text(cell):
            return index
    raise Failure(f"no cell of the chapter holds {part}: tools/tinylab/browser/visits.py needs another one")


def _exercises(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if "exercise" in cell["metadata"]]


def _text(cell: dict) -> str:
    return "".join(cell["source"])


def _read(place: Path) -> dict:
    return json.loads(place.read_text(encoding="utf-8"))
