"""The set-up: Python environment, Java build, kernel. Each step runs only when what it depends on changed."""

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from . import machine, paths, stamps
from .console import run, say

MODULES = ("native", "lib/core", "lib/lab", "lib/serve")
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0"


def ensure() -> Path:
    """Bring everything up to date and return the JDK."""
    from . import kernels

    jdk = machine.find_jdk()
    with _lock():
        ensure_python()
        ensure_build(jdk)
        kernels.refresh(jdk)
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


def ensure_python() -> None:
    """Make the environment (unless one is active) and install the pinned list."""
    prefix = paths.environment()
    stamp = prefix / ".tinyllm-requirements"
    wanted = stamps.digest(paths.ROOT / "requirements.txt", sys.version)
    if stamps.is_current(stamp, wanted) and paths.python().exists():
        return
    env = paths.child_environment()
    logs = paths.home() / "logs"
    if prefix == paths.ROOT / ".venv" and not _pip_works(prefix):
        machine.check_venv()
        base = getattr(sys, "_base_executable", sys.executable)
        run("making .venv", [base, "-m", "venv", "--clear", prefix], logs / "venv.log", env, paths.ROOT, lambda _: None)
    command = [paths.python(), "-m", "pip", "install", "--progress-bar", "off", "-r", paths.ROOT / "requirements.txt"]
    run(f"installing JupyterLab and the Java kernel into {prefix.name}", command, logs / "pip.log", env, paths.ROOT, _pip_step)
    stamps.write(stamp, wanted)


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


def ensure_build(jdk: Path) -> None:
    """Build the jars with Maven and write each module's class path beside them."""
    stamp = paths.TARGET / "lab-build.stamp"
    wanted = build_digest(jdk)
    if stamps.is_current(stamp, wanted) and all((_classpath_file(m)).exists() for m in ("lib/lab", "lib/serve")):
        return
    machine.check_served()
    maven = machine.find_maven()
    machine.find_compiler()
    running = paths.TARGET / "lab-build.running"
    if running.exists():
        _drop_half_written()
    stamp.unlink(missing_ok=True)
    stamps.write(running, "")
    command = [
        maven, "-B", "-Dstyle.color=never", "-Dmaven.test.skip=true", "-Dspotless.check.skip=true",
        f"-Dtinyllm.python={paths.python()}",
        "package", f"{DEPENDENCY_PLUGIN}:build-classpath", "-Dmdep.outputFile=target/classpath.txt",
        "-DincludeScope=runtime"]
    run("building the library", command, paths.home() / "logs" / "build.log", java_environment(jdk), paths.ROOT, _maven_step)
    stamps.write(stamp, wanted)
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
    env["PATH"] = os.pathsep.join([str(paths.environment() / "bin"), str(jdk / "bin"), env.get("PATH", "")])
    return env


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
