"""The learner's copies: a starter is copied once to notebooks/my/ and never touched again."""

import hashlib
import json
import re
import shutil
import time
from pathlib import Path

from . import paths, stamps
from .console import Failure, WrongUsage, say

RECORD = ".copied.json"


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
    record = _record()
    digest = hashlib.sha256(starter.read_bytes()).hexdigest()
    if fresh and mine.exists():
        _put_away(mine)
    if not mine.exists():
        paths.MY.mkdir(exist_ok=True)
        temporary = mine.with_name(mine.name + ".tmp")
        shutil.copyfile(starter, temporary)
        temporary.replace(mine)
        record[name] = digest
        _write_record(record)
    elif record.get(name, digest) != digest:
        number = name.split("-")[0]
        say(f"chapter {name} has a newer version; your copy stays as it is "
            f"(./lab chapter {number} --fresh puts it away and begins with the new one)")
    return mine


def _put_away(mine: Path) -> None:
    old = paths.MY / "old"
    old.mkdir(exist_ok=True)
    place = old / f"{mine.stem}-{time.strftime('%Y%m%d-%H%M%S')}.ipynb"
    count = 1
    while place.exists():
        count += 1
        place = place.with_name(re.sub(r"(-\d{6})(-\d+)?\.ipynb$", rf"\1-{count}.ipynb", place.name))
    mine.rename(place)
    say(f"your copy is now {place.relative_to(paths.ROOT)}")


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
