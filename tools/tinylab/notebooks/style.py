"""How a chapter should read: lengths of cells and of the prose between them."""

import re

from .source import Chapter

CODE_LINES = 25
EXERCISE_LINES = 45
PROSE_SENTENCES = 6
PROSE_WORDS = 110


def errors(chapter: Chapter) -> list[str]:
    found = []
    for number, (starter, solved) in enumerate(zip(chapter.starter.cells, chapter.solved.cells), 1):
        limit = EXERCISE_LINES if "exercise" in solved.metadata else CODE_LINES
        lines = max(cell.source.count("\n") + 1 for cell in (starter, solved))
        if solved.cell_type == "code" and lines > limit:
            found.append(f"{chapter.name}, cell {number}: {lines} lines of code, at most {limit}")
    if not chapter.solved.cells or chapter.solved.cells[0].cell_type != "markdown":
        found.append(f"{chapter.name}: the first cell must be the title")
    return found


def warnings(chapter: Chapter) -> list[str]:
    found = []
    for number, cell in enumerate(chapter.solved.cells, 1):
        if cell.cell_type != "markdown" or "<details>" in cell.source:
            continue
        prose = "\n".join(line for line in cell.source.split("\n") if not re.match(r"\s*([-*#|>]|\d+\.|\$\$|```)", line))
        words, sentences = len(prose.split()), len(re.findall(r"[.!?](?:\s|$)", prose))
        if words > PROSE_WORDS or sentences > PROSE_SENTENCES:
            found.append(f"{chapter.name}, cell {number}: {sentences} sentences, {words} words of prose in one cell")
    return found
