"""A chapter's source (jupytext's percent format) becomes the cells of the starter and of the solved notebook.

Markers: `// BEGIN SOLUTION what is left to do` … `// END SOLUTION` around what the learner writes. In the starter a
region becomes `return todo("what is left to do");`, with `void:` before the words `todo("…");`, and with `omit`
nothing at all. The number in a `predict("1.1 …", 10, "%")` becomes `"?"` in the starter. A cell whose marker says `wrong="1.1 softmax"` holds a wrong answer to that exercise for the tests, and is in neither notebook.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

BEGIN = re.compile(r"^(\s*)// BEGIN SOLUTION\b\s*(.*?)\s*$")
END = re.compile(r"^\s*// END SOLUTION\s*$")
# A solved chapter has a guess of ours; the starter leaves it to the reader.
GUESS = re.compile(r'^(predict\(\s*"[^"]+",\s*)-?[\d.]+(\s*,\s*"[^"]*"\s*\).*)$')
CHECK = re.compile(r'(?<![\w.])check\(\s*"([^"]+)"')
KERNEL = {"display_name": "Tiny LLM (Java)", "language": "java", "name": "tinyllm-java"}
LANGUAGE = {"name": "java", "file_extension": ".java", "mimetype": "text/x-java-source", "pygments_lexer": "java"}


class SourceError(Exception):
    """A chapter's source that can't become a notebook: the sentence names the file and what to change."""


@dataclass(frozen=True)
class Chapter:
    """The two notebooks of one source, without outputs."""

    name: str
    starter: NotebookNode
    solved: NotebookNode
    exercises: tuple[str, ...]


def read(path: Path) -> Chapter:
    source = jupytext.reads(path.read_text(encoding="utf-8"), fmt={"extension": ".java", "format_name": "percent"})
    cells = [cell for cell in source.cells if "wrong" not in cell.metadata]
    ids: dict[str, int] = {}
    starter, solved, exercises = [], [], []
    for cell in cells:
        where = f"{path.name}, cell {len(solved) + 1}"
        exercise = cell.metadata.get("exercise") if cell.cell_type == "code" else None
        if exercise:
            exercises.append(exercise)
        opened, full = _split(cell.source, where)
        if exercise and opened == full:
            raise SourceError(f'{where}: exercise "{exercise}" has no // BEGIN SOLUTION … // END SOLUTION.')
        if opened != full and not exercise:
            raise SourceError(f'{where}: a solution stands in a cell without exercise="…" after its // %%.')
        if cell.cell_type == "code":
            opened = _unguessed(opened)
        identity = _identity(cell, ids)
        starter.append(_cell(cell, opened, identity))
        solved.append(_cell(cell, full, identity))
    _every_exercise_is_checked(path, exercises, solved)
    return Chapter(path.stem, _notebook(starter), _notebook(solved), tuple(exercises))


def _split(text: str, where: str) -> tuple[str, str]:
    """The starter's and the solved form of one cell."""
    opened, full, todo = [], [], None
    for line in text.split("\n"):
        begin = BEGIN.match(line)
        if begin:
            if todo is not None:
                raise SourceError(f"{where}: BEGIN SOLUTION inside a solution; an END SOLUTION is missing before it.")
            todo = begin
            opened += _stub(begin.group(1), begin.group(2), where)
        elif END.match(line):
            if todo is None:
                raise SourceError(f"{where}: END SOLUTION without a BEGIN SOLUTION before it.")
            todo = None
        else:
            full.append(line)
            if todo is None:
                opened.append(line)
    if todo is not None:
        raise SourceError(f"{where}: BEGIN SOLUTION without an END SOLUTION after it.")
    return "\n".join(opened), "\n".join(full)


def _unguessed(text: str) -> str:
    return "\n".join(GUESS.sub(r'\1"?"\2', line) for line in text.split("\n"))


def _stub(indent: str, words: str, where: str) -> list[str]:
    if words == "omit":
        return []
    void = words.startswith("void:")
    what = words.removeprefix("void:").strip()
    if not what or '"' in what or "\\" in what:
        raise SourceError(f"{where}: BEGIN SOLUTION needs a few words on what is left to do, without quotes.")
    call = f'todo("{what}");'
    return [indent + (call if void else "return " + call)]


def _identity(cell: NotebookNode, taken: dict[str, int]) -> str:
    """The same source gives the same ids, and a change of one cell leaves the others' alone."""
    exercise = cell.metadata.get("exercise")
    if exercise:
        base = "exercise-" + re.sub(r"[^a-z0-9]+", "-", exercise.lower()).strip("-")
    else:
        base = hashlib.sha256((cell.cell_type + "\0" + cell.source).encode()).hexdigest()[:8]
    taken[base] = taken.get(base, 0) + 1
    return base if taken[base] == 1 else f"{base}-{taken[base]}"


def _cell(cell: NotebookNode, text: str, identity: str) -> NotebookNode:
    make = nbformat.v4.new_markdown_cell if cell.cell_type == "markdown" else nbformat.v4.new_code_cell
    kept = {key: value for key, value in cell.metadata.items() if key in ("tags", "exercise")}
    return make(text, id=identity, metadata=kept)


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    metadata = {"kernelspec": dict(KERNEL), "language_info": dict(LANGUAGE)}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat_minor = 5
    return notebook


def _every_exercise_is_checked(path: Path, exercises: list[str], cells: list[NotebookNode]) -> None:
    checked = {found for cell in cells if cell.cell_type == "code" for found in CHECK.findall(cell.source)}
    for exercise in exercises:
        if exercise not in checked:
            raise SourceError(f'{path.name}: exercise "{exercise}" has no cell with check("{exercise}", …).')
    if len(set(exercises)) != len(exercises):
        raise SourceError(f"{path.name}: an exercise's id stands at two cells.")
