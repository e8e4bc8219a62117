"""The order in which the chapters are read, which is not that of their numbers."""

from .. import paths

# One chapter a line: number, file, title, track. The map of the course is drawn from the same list.
COURSE = paths.ROOT / "lib" / "lab" / "src" / "main" / "resources" / "tinyllm" / "lab" / "course.tsv"
READING = tuple(line.split("\t")[1].split("-")[0] for line in COURSE.read_text(encoding="utf-8").splitlines())


def reading(names: list[str]) -> list[str]:
    """Chapters' names (11-attention) in reading order; one that the order does not know comes last."""
    known = {number: place for place, number in enumerate(READING)}
    return sorted(names, key=lambda name: (known.get(name.split("-")[0], len(known)), name))
