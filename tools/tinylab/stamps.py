"""Has anything changed since a step was done? A stamp holds a hash of all that the step depends on."""

import hashlib
from pathlib import Path

from . import paths

SKIPPED = {"target", "__pycache__", ".venv", ".ipynb_checkpoints"}


def digest(*parts: str | Path) -> str:
    """A hash of texts, and of the contents of files and folders."""
    sum_ = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for file in files_of(part):
                sum_.update(str(file.relative_to(paths.ROOT)).encode() + b"\0")
                sum_.update(hashlib.sha256(file.read_bytes()).digest())
        else:
            sum_.update(part.encode() + b"\0")
    return sum_.hexdigest()


def files_of(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    found = []
    for child in sorted(place.iterdir()) if place.is_dir() else []:
        if child.name not in SKIPPED:
            found += files_of(child)
    return found


def is_current(stamp: Path, value: str) -> bool:
    try:
        return stamp.read_text() == value
    except OSError:
        return False


def write(stamp: Path, text: str) -> None:
    """Write a small file so that a reader sees the old text or the new one, never half of it."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    temporary = stamp.with_name(stamp.name + ".tmp")
    try:
        temporary.write_text(text)
        temporary.replace(stamp)
    except OSError:
        temporary.unlink(missing_ok=True)  # half a file would only fill the disk further
        raise
