"""`./lab notebooks check`: the stored notebooks belong to their sources, read well, and run."""

import threading
from functools import partial
from pathlib import Path

import nbformat

from .. import kernels, machine, paths
from ..console import Line, say
from ..results import Tally
from . import execute, rules, scan, side, source, style
from .build import sources

STARTERS_IN_KERNEL = ("00", "11")
# JJava's forerunner runs these, so that who has IJava knows that it serves; the rest is the default kernel's.
ON_IJAVA = ("00", "11")
_installing = threading.Lock()


def main(numbers: tuple[str, ...], long: bool) -> int:
    return check(numbers, long).report()


def check(numbers: tuple[str, ...] = (), long: bool = False, execute: bool = True, starters: bool = False) -> Tally:
    """All chapters, or some; `starters` executes every starter in the kernel, which otherwise two of them do."""
    tally = Tally()
    if not numbers:
        with tally.test("notebooks: every chapter has its three files") as problems:
            problems += _strays()
    chapters = sources(numbers)
    together = side.kernels() if execute and not long and len(chapters) > 1 else 1
    for part in side.by_side([partial(_chapter, path, long, execute, starters, together) for path in chapters], together):
        tally.add(part)
    return tally


def _chapter(path: Path, long: bool, execute: bool, starters: bool, together: int) -> Tally:
    tally, name = Tally(), path.stem
    chapter = None
    with tally.test(f"notebook {name}: source and stored notebooks agree") as problems:
        chapter = source.read(path)
        problems += _drift(chapter) + style.errors(chapter)
        for warning in style.warnings(chapter):
            say(f"warning: {warning}")
    if chapter is None:
        return tally
    with tally.test(f"notebook {name}: stored outputs hold nothing private") as problems:
        problems += scan.notebook(paths.NOTEBOOKS / f"{name}.ipynb") + scan.notebook(paths.SOLVED / f"{name}.ipynb")
    if not execute:
        return tally
    run = partial(_execute, threads=side.threads(together))
    with tally.test(f"notebook {name}: solved, every check green") as problems:
        run(chapter.solved, f"executing {name}, solved", not long)
        problems += rules.solved(chapter)
    if name.split("-")[0] in ON_IJAVA:
        with tally.test(f"notebook {name}: solved, every check green, on IJava") as problems:
            again = source.read(path)
            with _installing:
                ijava = kernels.install("ijava", machine.find_jdk())
            run(again.solved, f"executing {name}, solved, on IJava", True, kernel=ijava)
            problems += rules.solved(again) + rules.same_displays(again.solved, chapter.solved)
    if long or starters or name.split("-")[0] in STARTERS_IN_KERNEL:
        with tally.test(f"notebook {name}: starter, every exercise not solved yet") as problems:
            run(chapter.starter, f"executing {name}, starter", True)
            problems += rules.starter(chapter)
    return tally


def _execute(notebook: nbformat.NotebookNode, label: str, quick: bool, threads: int = 0,
             kernel: str = source.KERNEL["name"]) -> None:
    with Line(label) as line:
        total = len(notebook.cells)

        def on_cell(index: int) -> None:
            line.detail = f"cell {index + 1} of {total}"

        execute.execute(notebook, quick, on_cell, kernel, threads)


def _strays() -> list[str]:
    """Each source has a starter and a solved notebook, and no notebook stands without a source."""
    from_sources = {path.stem for path in paths.SOURCES.glob("*.java")}
    problems = [] if from_sources else ["there is no source in notebooks/src"]
    for folder in (paths.NOTEBOOKS, paths.SOLVED):
        stored = {path.stem for path in folder.glob("*.ipynb")}
        where = folder.relative_to(paths.NOTEBOOKS.parent)
        problems += [f"{where}/{name}.ipynb is missing: ./lab notebooks build" for name in sorted(from_sources - stored)]
        problems += [f"{where}/{name}.ipynb has no source in notebooks/src" for name in sorted(stored - from_sources)]
    return problems


def _drift(chapter: source.Chapter) -> list[str]:
    """What differs between the stored cells and those that the source gives; outputs are not compared."""
    problems = []
    for made, folder in ((chapter.starter, paths.NOTEBOOKS), (chapter.solved, paths.SOLVED)):
        place = folder / f"{chapter.name}.ipynb"
        where = place.relative_to(paths.NOTEBOOKS.parent)
        if not place.exists():
            problems.append(f"{where} is missing: ./lab notebooks build")
            continue
        stored = nbformat.read(place, as_version=4)
        problems += _differences(stored, made, str(where))
        if folder == paths.NOTEBOOKS and any(cell.get("outputs") for cell in stored.cells):
            problems.append(f"{where} is a starter and holds outputs: git checkout it, and work in notebooks/my/")
    return problems


def _differences(stored: nbformat.NotebookNode, made: nbformat.NotebookNode, where: str) -> list[str]:
    if len(stored.cells) != len(made.cells):
        return [f"{where} has {len(stored.cells)} cells, its source {len(made.cells)}: ./lab notebooks build"]
    for number, (old, new) in enumerate(zip(stored.cells, made.cells), 1):
        for key in ("cell_type", "id", "source", "metadata"):
            if old.get(key) != new.get(key):
                return [f"{where}, cell {number}: its {key} differs from the source's: ./lab notebooks build"]
    if stored.metadata.get("kernelspec") != source.KERNEL:
        return [f'{where} names another kernel than "{source.KERNEL["name"]}": ./lab notebooks build']
    return []
