"""`./lab notebooks build`: write the starters, execute the solved notebooks in full, keep their outputs and a small picture."""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .. import copies, paths, stamps
from ..console import Failure, Line, WrongUsage
from . import execute, rules, scan, source, thumbs


def sources(numbers: tuple[str, ...]) -> list[Path]:
    """The chapters' sources: those that are named, else all."""
    every = {path.stem: path for path in sorted(paths.SOURCES.glob("[0-9]*.java"))}
    if not numbers:
        return list(every.values())
    return [every[copies.name_of(number, list(every))] for number in numbers]


def main(numbers: tuple[str, ...], keep_outputs: bool = False) -> int:
    chosen = sources(numbers)
    failed = 0
    for path in chosen:
        try:
            rewrite(path) if keep_outputs else build(path)
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


# A cell with nothing but these, commented out or not, is a way to the solution.
HELP_LINE = re.compile(r"\s*(?://\s*)?(?:hint|solution)\(\s*\"[^\"]*\"\s*\)\s*;?\s*")


def hand_out(numbers: tuple[str, ...], folder: Path) -> int:
    """Write starters without their hint and solution cells into a folder; the clone's own notebooks are not touched."""
    if folder.resolve() in (paths.NOTEBOOKS, paths.MY):
        raise WrongUsage(f"{folder} holds this clone's own notebooks: give --out another folder.")
    chosen = sources(numbers)
    for path in chosen:
        chapter = source.read(path)
        starter = chapter.starter
        starter.cells = [cell for cell in starter.cells if not _leads_to_solutions(cell)]
        store(starter, folder / f"{chapter.name}.ipynb")
    print(f"{len(chosen)} chapters without solutions are in {folder}")
    return 0


def _leads_to_solutions(cell: NotebookNode) -> bool:
    lines = [line for line in cell.source.split("\n") if line.strip()]
    return cell.cell_type == "code" and bool(lines) and all(HELP_LINE.fullmatch(line) for line in lines)


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


def rewrite(path: Path) -> None:
    """Bring the words up to date and keep the outputs as they were stored; for a chapter in which no line of code changed."""
    chapter = source.read(path)
    place = paths.SOLVED / f"{chapter.name}.ipynb"
    stored = nbformat.read(place, as_version=4) if place.exists() else None
    if stored is None:
        raise Failure(f"it was never executed: ./lab notebooks build {chapter.name[:2]}")
    old = [cell for cell in stored.cells if cell.cell_type == "code"]
    new = [cell for cell in chapter.solved.cells if cell.cell_type == "code"]
    changed = [now.source for was, now in zip(old, new) if was.source != now.source]
    if changed or len(old) != len(new):
        first = changed[0].split("\n")[0] if changed else f"{len(old)} cells of code before, {len(new)} now"
        raise Failure(f"its code changed ({first}), so its outputs are old: ./lab notebooks build {chapter.name[:2]}")
    for was, now in zip(old, new):
        now.outputs, now.execution_count = was.outputs, was.execution_count
    for key in stored.metadata:
        chapter.solved.metadata.setdefault(key, stored.metadata[key])
    store(chapter.starter, paths.NOTEBOOKS / f"{chapter.name}.ipynb")
    store(chapter.solved, place)
    print(f"{chapter.name}: words new, outputs kept")


def store(notebook: NotebookNode, place: Path) -> None:
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    stamps.write(place, nbformat.writes(notebook, version=4).rstrip("\n") + "\n")
