"""What the machine must bring: a JDK 25, a C++20 compiler, Maven, and an operating system that MLX serves."""

import glob
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .console import Failure

JDK_FOLDERS = (
    "/usr/lib/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/opt/jdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
    "/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)
MAVEN_PLACES = (
    "~/.sdkman/candidates/maven/current/bin/mvn",
    "/opt/homebrew/bin/mvn",
    "/usr/local/bin/mvn",
    "/opt/maven/bin/mvn",
    "/usr/share/maven/bin/mvn",
)


def java_version(folder: Path) -> int | None:
    """The feature version of the JDK in this folder; None if it isn't one (a JRE has no javac)."""
    try:
        release = (folder / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r'^JAVA_VERSION="(\d+)', release, re.M)
    if not found or not os.access(folder / "bin" / "javac", os.X_OK):
        return None
    return int(found.group(1))


def jdk_candidates(environ=os.environ) -> list[Path]:
    """Where a JDK may be, the most deliberate choice first."""
    places = []
    if environ.get("JAVA_HOME"):
        places.append(Path(environ["JAVA_HOME"]))
    on_path = shutil.which("javac", path=environ.get("PATH"))
    if on_path:
        places.append(Path(on_path).resolve().parents[1])
    prefix = environ.get("CONDA_PREFIX") or environ.get("TINYLLM_ACTIVE_ENV")
    if prefix:
        places += [Path(prefix) / "lib" / "jvm", Path(prefix)]
    if environ.get("SDKMAN_CANDIDATES_DIR"):
        places += map(Path, sorted(glob.glob(environ["SDKMAN_CANDIDATES_DIR"] + "/java/*")))
    for pattern in JDK_FOLDERS:
        places += map(Path, sorted(glob.glob(os.path.expanduser(pattern))))
    return places


def find_jdk(candidates: list[Path] | None = None) -> Path:
    """A JDK 25 before a newer one; JAVA_HOME wins if it is either."""
    places = jdk_candidates() if candidates is None else candidates
    versions = [(java_version(place), place) for place in places]
    usable = [(version, place) for version, place in versions if version is not None and version >= 25]
    if os.environ.get("JAVA_HOME"):
        for version, place in usable:
            if place == Path(os.environ["JAVA_HOME"]):
                return place
    for version, place in sorted(usable, key=lambda pair: pair[0]):
        return place
    seen = sorted({version for version, _ in versions if version is not None})
    only = f" (only {', '.join(map(str, seen))})" if seen else ""
    raise Failure(
        f"no JDK 25 was found{only}: install one from https://adoptium.net "
        "(SDKMAN: sdk install java 25-tem; macOS: brew install --cask temurin@25) or set JAVA_HOME to it.")


def find_maven() -> str:
    places = [shutil.which("mvn"), *map(os.path.expanduser, MAVEN_PLACES)]
    for place in places:
        if place and os.access(place, os.X_OK):
            return place
    raise Failure("Maven was not found: install it (Debian: sudo apt install maven; macOS: brew install maven).")


def find_compiler() -> str:
    """A C++ compiler that accepts C++20; the presets for MLX are compiled with it."""
    tried = []
    for name in (os.environ.get("CXX"), "g++", "clang++", "c++"):
        place = shutil.which(name) if name else None
        if not place:
            continue
        tried.append(place)
        trial = subprocess.run(
            [place, "-std=c++20", "-fsyntax-only", "-x", "c++", "-"], capture_output=True, text=True,
            input="#include <concepts>\n#include <span>\ntemplate <std::integral T> T twice(T x) { return x + x; }\n")
        if trial.returncode == 0:
            return place
    why = f"{' and '.join(tried)} can't compile C++20" if tried else "no C++ compiler was found"
    raise Failure(f"{why}: install one (Debian: sudo apt install g++; macOS: xcode-select --install).")


def check_served() -> None:
    """MLX has libraries for Linux with glibc 2.35 or newer and for macOS on Apple Silicon."""
    system, machine = platform.system(), platform.machine()
    if system == "Darwin":
        if machine != "arm64":
            raise Failure(
                "Intel Macs are not served, because MLX has no current library for them "
                "(on Apple Silicon this shell runs under Rosetta: use a native terminal).")
    elif system == "Linux":
        library, version = platform.libc_ver()
        numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        if machine not in ("x86_64", "aarch64"):
            raise Failure(f"Linux on {machine} is not served: MLX has libraries for x86_64 and aarch64.")
        if library == "glibc" and numbers < (2, 35):
            raise Failure(f"this Linux has glibc {version}, and MLX needs 2.35 or newer (Debian 12, Ubuntu 22.04).")
    else:
        raise Failure(f"{system} is not served: use macOS on Apple Silicon, Linux, or WSL2 on Windows.")


def lacks() -> list[str]:
    """One sentence for each thing that is missing here; empty when the set-up can begin."""
    sentences = []
    for check in (check_served, find_jdk, find_compiler, find_maven, check_venv):
        try:
            check()
        except Failure as lack:
            sentences.append(str(lack))
    return sentences


def check_venv() -> None:
    """Debian splits `ensurepip` from Python: without it no virtual environment can be made."""
    if os.environ.get("TINYLLM_ACTIVE_ENV"):
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Failure(
            f"Python {version} has no venv module: install it (Debian: sudo apt install python3-venv).") from None
