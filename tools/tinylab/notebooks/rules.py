"""What an executed notebook must show: solved ones green checks, starters "not solved yet", neither a stack trace."""

import re

from nbformat import NotebookNode

from . import source
from .execute import text_of

VERDICT = re.compile(r"^\S+ (?P<id>[\w.][^:\n]*): (?P<words>[^·\n]+?)\s*(?:·|$)", re.M)
NOT_SOLVED = "not solved yet"
STACK = re.compile(r"^\s+at [\w.$/<>]+\(", re.M)


def verdicts(cell: NotebookNode) -> dict[str, str]:
    """The verdict of each check that a cell ran, by the exercise's id."""
    wanted = set(source.CHECK.findall(_code(cell)))
    return {m["id"]: m["words"] for m in VERDICT.finditer(text_of(cell)) if m["id"] in wanted}


def _code(cell: NotebookNode) -> str:
    return "\n".join(line for line in cell.source.split("\n") if not line.lstrip().startswith("//"))


def solved(chapter: source.Chapter) -> list[str]:
    problems = _verdict_problems(chapter, chapter.solved, "correct")
    for number, cell in enumerate(chapter.solved.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                problems.append(f"cell {number} failed: {output.ename}: {output.evalue}")
    return problems


def starter(chapter: source.Chapter) -> list[str]:
    problems = _verdict_problems(chapter, chapter.starter, NOT_SOLVED)
    for number, cell in enumerate(chapter.starter.cells, 1):
        shown = text_of(cell)
        if STACK.search(shown):
            problems.append(f"cell {number} shows a stack trace")
        elif any(output.output_type == "error" for output in cell.get("outputs", [])) and NOT_SOLVED not in shown:
            problems.append(f"cell {number} failed: {shown.strip().splitlines()[0] if shown.strip() else 'an error'}")
    return problems


def _verdict_problems(chapter: source.Chapter, notebook: NotebookNode, wanted: str) -> list[str]:
    problems, seen = [], set()
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        found = verdicts(cell)
        for exercise in source.CHECK.findall(_code(cell)):
            seen.add(exercise)
            words = found.get(exercise)
            if words != wanted:
                problems.append(f'cell {number}: the check "{exercise}" says "{words or "nothing"}", not "{wanted}"')
    problems += [f'the exercise "{each}" is never checked' for each in chapter.exercises if each not in seen]
    return problems


def same_displays(one: NotebookNode, other: NotebookNode) -> list[str]:
    """Do two runs of a chapter, in two kernels, show the same kinds of things cell by cell?"""
    problems = []
    for number, (left, right) in enumerate(zip(one.cells, other.cells), 1):
        shown, wanted = _kinds(left), _kinds(right)
        if shown != wanted:
            problems.append(f"cell {number} shows {sorted(shown) or 'nothing'}, where the default kernel shows {sorted(wanted) or 'nothing'}")
    return problems


def _kinds(cell: NotebookNode) -> set[str]:
    return {kind for output in cell.get("outputs", []) for kind in output.get("data", {output.output_type: ""})}
