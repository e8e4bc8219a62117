"""The learner's copies: a starter is copied once to notebooks/my/ and never touched again."""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
import time
from pathlib import Path
from typing import Iterator

from . import paths, stamps
from .console import Failure, WrongUsage, say

RECORD = ".copied.json"
LOCK = ".copies.lock"


def chapters() -> list[str]:
    """The names of all chapters (NN-topic), in the order of their numbers."""
    return sorted(path.stem for path in paths.NOTEBOOKS.glob("[0-9]*.ipynb"))


def name_of(number: str, names: list[str] | None = None) -> str:
    """The chapter that "11", "1.1", "0", "23a" or "11-attention" means."""
    names = chapters() if names is None else names
    plain = number.replace(".", "").removesuffix(".ipynb").removesuffix("ipynb")
    for name in names:
        digits = name.split("-")[0]
        if plain in (name, digits) or (plain.isdigit() and digits == plain.zfill(2)):
            return name
    known = ", ".join(name.split("-")[0] for name in names) or "none yet"
    raise WrongUsage(f'there is no chapter "{number}"; the chapters are {known}.')


def has(number: str) -> bool:
    """Whether there is such a chapter yet."""
    return any(name.split("-")[0] == number for name in chapters())


def copy_all() -> list[Path]:
    return [copy(name) for name in chapters()]


def copy(name: str, fresh: bool = False) -> Path:
    """The learner's copy of a chapter: the one that is there, else a new one from the starter."""
    starter = paths.NOTEBOOKS / f"{name}.ipynb"
    mine = paths.MY / f"{name}.ipynb"
    with _kept():
        content = starter.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if fresh and mine.exists():
            _put_away(mine)
        record = _record()
        if not mine.exists():
            # The record first: a copy without one would never be told of a newer chapter.
            _write_record({**record, name: digest})
            _place(mine, content)
        elif record.get(name, digest) != digest:
            number = name.split("-")[0]
            say(f"chapter {name} has a newer version; your copy stays as it is "
                f"(./lab chapter {number} --fresh puts it away and begins with the new one)")
    return mine


@contextlib.contextmanager
def _kept() -> Iterator[None]:
    """One ./lab at a time, and a sentence for a disk that is full or a folder that can't be written."""
    try:
        paths.MY.mkdir(exist_ok=True)
        with open(paths.MY / LOCK, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as problem:
        raise Failure(f"your copies in {paths.MY} can't be written ({problem.strerror or problem}): nothing that was "
                      "there is changed; make room or mend the folder, and run ./lab again.") from problem


def _place(mine: Path, content: bytes) -> None:
    """Put a whole file there, and never over one that JupyterLab has made meanwhile."""
    handle, name = tempfile.mkstemp(prefix=f".{mine.name}.", suffix=".tmp", dir=mine.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        try:
            os.link(temporary, mine)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            if not mine.exists():
                temporary.replace(mine)
    finally:
        temporary.unlink(missing_ok=True)


def _put_away(mine: Path) -> None:
    old = paths.MY / "old"
    old.mkdir(exist_ok=True)
    place = old / f"{mine.stem}-{time.strftime('%Y%m%d-%H%M%S')}.ipynb"
    count = 1
    while place.exists():
        count += 1
        place = place.with_name(re.sub(r"(-\d{6})(-\d+)?\.ipynb$", rf"\1-{count}.ipynb", place.name))
    mine.rename(place)
    say(f"your copy is now {place.relative_to(paths.NOTEBOOKS.parent)}")


def _record() -> dict[str, str]:
    try:
        record = json.loads((paths.MY / RECORD).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise Failure(f"notebooks/my/{RECORD} can't be read ({problem}): delete it and run ./lab again.") from problem
    return record if isinstance(record, dict) else {}


def _write_record(record: dict[str, str]) -> None:
    stamps.write(paths.MY / RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")
