"""The set-up: Python environment, Java build, kernel. Each step runs only when what it depends on changed."""

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

from . import machine, paths, stamps
from .console import downloaded, run, say, together, total

MODULES = ("native", "lib/core", "lib/lab", "lib/serve")
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0"


def ensure(model: bool = False, jars: bool = True) -> Path:
    """Bring everything up to date and return the JDK; with `model`, the small model is here too, if it can be had. Without
    `jars` a library that was built from other Java sources will do: its native part and what it depends on are as they should be.

    What does not depend on each other runs side by side: the Python packages, the Java build with its own downloads, the
    model's bytes.
    """
    from . import kernels, models

    jdk = machine.find_jdk()
    begun = time.monotonic()
    with _lock():
        make_environment()
        together(install_packages, lambda: ensure_build(jdk, jars), *([models.prefetch] if model else []))
        kernels.refresh(jdk)
    if model:
        models.fetch(models.SMALL, jdk)
    if time.monotonic() - begun > 5:
        seconds = time.monotonic() - begun
        say(f"set up in {seconds // 60:.0f} min {seconds % 60:.0f} s{downloaded(total.bytes)}")
    return jdk


def ensure_packages() -> dict[str, str]:
    """Bring the Python environment alone up to date, and return what a command needs that runs no Java."""
    with _lock():
        ensure_python()
    return paths.child_environment()


@contextlib.contextmanager
def _lock():
    """Two `./lab` at once: the second waits, because pip and Maven don't share their folders well."""
    paths.TARGET.mkdir(exist_ok=True)
    with open(paths.TARGET / "lab.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./lab is setting up this folder: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _requirements() -> str:
    return stamps.digest(paths.ROOT / "requirements.txt", sys.version)


def _packages_stamp() -> Path:
    return paths.environment() / ".tinyllm-requirements"


def _packages_are_current() -> bool:
    return stamps.is_current(_packages_stamp(), _requirements()) and paths.python().exists()


def make_environment() -> None:
    """Make the clone's own environment, unless one is active: all that comes after needs its Python."""
    prefix = paths.environment()
    if _packages_are_current() or prefix != paths.ROOT / ".venv" or _pip_works(prefix):
        return
    machine.check_venv()
    base = getattr(sys, "_base_executable", sys.executable)
    run("making .venv", [base, "-m", "venv", "--clear", prefix], paths.home() / "logs" / "venv.log", paths.child_environment(),
        paths.ROOT, lambda _: None)


def install_packages() -> None:
    """Install the pinned list into the environment."""
    if _packages_are_current():
        return
    command = [paths.python(), "-m", "pip", "install", "--progress-bar", "off", "-r", paths.ROOT / "requirements.txt"]
    run(f"installing JupyterLab and the Java kernel into {paths.environment().name}", command, paths.home() / "logs" / "pip.log",
        paths.child_environment(), paths.ROOT, _pip_step, pip_bytes)
    stamps.write(_packages_stamp(), _requirements())


UNITS = {"B": 1, "bytes": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000}


def pip_bytes(line: str) -> int:
    """What pip says that it downloads: "Downloading x.whl (12.3 MB)"."""
    found = re.match(r"\s*Downloading \S+ \((?:[\d.]+/)?([\d.]+) (\w+)\)", line)
    return round(float(found.group(1)) * UNITS.get(found.group(2), 0)) if found else 0


def maven_bytes(line: str) -> int:
    """What Maven says that it has downloaded: "Downloaded from central: … (1.2 MB at 3.4 MB/s)"."""
    found = re.match(r"(?:\[INFO\] )?Downloaded from \S+: \S+ \(([\d.]+) (\w+)", line)
    return round(float(found.group(1)) * UNITS.get(found.group(2), 0)) if found else pip_bytes(re.sub(r"^.*\[exec\] ", "", line))


def _pip_works(prefix: Path) -> bool:
    python = prefix / "bin" / "python"
    if not python.exists():
        return False
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0


def _pip_step(line: str) -> str | None:
    found = re.match(r"(Collecting|Downloading|Using cached|Installing collected) ?(\S*)", line.strip())
    return f"{found.group(1).lower()} {found.group(2).rsplit('/', 1)[-1]}" if found else None


def build_digest(jdk: Path) -> str:
    parts: list[str | Path] = [str(jdk), str(machine.java_version(jdk)), paths.ROOT / "pom.xml", paths.ROOT / ".mvn"]
    for module in MODULES:
        folder = paths.ROOT / module
        parts.append(folder / "pom.xml")
        parts += [folder / "src" / "main"] if module != "native" else [folder]
    return stamps.digest(*parts)


def built() -> bool:
    """Has the library been built, be it in an older state?"""
    return (paths.TARGET / "lab-build.stamp").exists() and _classpath_file("lib/serve").exists()


def foundation_digest(jdk: Path) -> str:
    """A hash of what the build depends on beside the Java sources in lib/."""
    native = paths.ROOT / "native"
    return stamps.digest(str(jdk), str(machine.java_version(jdk)), paths.ROOT / "pom.xml", native / "build.py", native / "src" / "main",
                         *(paths.ROOT / module / "pom.xml" for module in MODULES))


def ensure_build(jdk: Path, jars: bool = True) -> None:
    """Build the jars with Maven and write each module's class path beside them; without `jars` only if lib/'s sources are not
    all that has changed."""
    stamp, below = paths.TARGET / "lab-build.stamp", paths.TARGET / "lab-foundation.stamp"
    wanted, foundation = build_digest(jdk), foundation_digest(jdk)
    if all((_classpath_file(m)).exists() for m in ("lib/lab", "lib/serve")):
        if stamps.is_current(stamp, wanted):
            stamps.write(below, foundation)
            return
        if not jars and stamps.is_current(below, foundation):
            return
    machine.check_served()
    maven = machine.find_maven()
    machine.find_compiler()
    running = paths.TARGET / "lab-build.running"
    if running.exists():
        _drop_half_written()
    stamp.unlink(missing_ok=True)
    below.unlink(missing_ok=True)
    stamps.write(running, "")
    command = [
        maven, "-B", "-Dstyle.color=never", "-Dmaven.test.skip=true", "-Dspotless.check.skip=true",
        f"-Dtinyllm.python={paths.python()}",
        "package", f"{DEPENDENCY_PLUGIN}:build-classpath", "-Dmdep.outputFile=target/classpath.txt",
        "-DincludeScope=runtime"]
    run("building the library", command, paths.home() / "logs" / "build.log", java_environment(jdk), paths.ROOT, _maven_step,
        maven_bytes)
    stamps.write(stamp, wanted)
    stamps.write(below, foundation)
    running.unlink()


def _drop_half_written() -> None:
    """An interrupted build may leave half a jar or class file that looks newer than its source."""
    for module in MODULES:
        target = paths.ROOT / module / "target"
        for jar in target.glob("*.jar"):
            jar.unlink()
        if module != "native":
            shutil.rmtree(target / "classes", ignore_errors=True)


def _maven_step(line: str) -> str | None:
    download = re.match(r"Download(?:ing|ed) from \S+: \S*/(\S+)", line.replace("[INFO] ", ""))
    if download:
        return "downloading " + download.group(1)
    module = re.match(r"\[INFO\] Building (.+?) 0\.", line)
    if module:
        return module.group(1)
    goal = re.match(r"\[INFO\] --- (\S+?):\S+?:(\S+)", line)
    return f"{goal.group(1)} {goal.group(2)}" if goal else None


def java_environment(jdk: Path) -> dict[str, str]:
    env = paths.child_environment()
    env["JAVA_HOME"] = str(jdk)
    env["TINYLLM_PYTHON"] = str(paths.python())
    env["PATH"] = os.pathsep.join([str(paths.environment() / "bin"), str(jdk / "bin"), env.get("PATH", "")])
    return env


VECTORS = ["--add-modules", "jdk.incubator.vector"]


def jvm_flags() -> list[str]:
    """The flags of every JVM of this project, from the one place that names them."""
    project = ElementTree.parse(paths.ROOT / "pom.xml").getroot()
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    flags = shlex.split(project.findtext("m:properties/m:tinyllm.jvm", "", space))
    return [flag.replace("${tinyllm.home}", str(paths.home())) for flag in flags]


def _classpath_file(module: str) -> Path:
    return paths.ROOT / module / "target" / "classpath.txt"


def classpath(module: str) -> str:
    """A module's classes and all that it needs at run time."""
    own = paths.ROOT / module / "target" / "classes"
    return os.pathsep.join([str(own), _classpath_file(module).read_text().strip()])
