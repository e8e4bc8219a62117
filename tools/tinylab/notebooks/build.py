"""`./lab notebooks build`: write the starters, execute the solved notebooks in full, keep their outputs and a small picture."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .. import copies, paths, stamps
from ..console import Failure, Line
from . import execute, rules, scan, source, thumbs


def sources(numbers: tuple[str, ...]) -> list[Path]:
    """The chapters' sources: those that are named, else all."""
    every = {path.stem: path for path in sorted(paths.SOURCES.glob("[0-9]*.java"))}
    if not numbers:
        return list(every.values())
    return [every[copies.name_of(number, list(every))] for number in numbers]


def main(numbers: tuple[str, ...]) -> int:
    chosen = sources(numbers)
    failed = 0
    for path in chosen:
        try:
            build(path)
        except (source.SourceError, execute.Broken, Failure) as problem:
            failed += 1
            print(f"FAILED {path.stem}: {problem}")
    print(f"{len(chosen) - failed} of {len(chosen)} chapters built")
    return 1 if failed else 0


def main_thumbs(numbers: tuple[str, ...]) -> int:
    """Only the README's small pictures, from the notebooks as they were executed last."""
    for path in sources(numbers):
        print(thumbs.make(path.stem).relative_to(paths.ROOT))
    return 0


def build(path: Path) -> None:
    chapter = source.read(path)
    store(chapter.starter, paths.NOTEBOOKS / f"{chapter.name}.ipynb")
    with Line(f"executing {chapter.name}") as line:
        total = len(chapter.solved.cells)

        def on_cell(index: int) -> None:
            line.detail = f"cell {index + 1} of {total}"

        seconds = execute.execute(chapter.solved, quick=False, on_cell=on_cell)
    store(chapter.solved, paths.SOLVED / f"{chapter.name}.ipynb")
    problems = rules.solved(chapter) + scan.notebook(paths.SOLVED / f"{chapter.name}.ipynb")
    if problems:
        raise Failure("; ".join(problems))
    thumbs.make(chapter.name)
    print(f"{chapter.name}: {len(chapter.exercises)} exercises, {seconds:.0f} s")


def store(notebook: NotebookNode, place: Path) -> None:
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    stamps.write(place, nbformat.writes(notebook, version=4).rstrip("\n") + "\n")
