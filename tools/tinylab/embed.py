"""The library for others: examples/embed, compiled and run far from the clone against the artefacts that the build installs.

The artefacts go to a Maven repository in a temporary folder, which borrows everything else from the machine's own
repository by links: nothing of this project is ever installed there.
"""

import os
import re
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path
from shutil import copytree

from . import kernels, machine, paths, setup
from .console import Failure, run
from .results import Tally

EXAMPLE = paths.ROOT / "examples" / "embed"
GROUP = Path("org") / "tinyllm"
NAMES = {"native": "org.bytedeco.mlx", "core": "tinyllm.core"}
# All that a program with a model inside may find on its class path.
WANTED = re.compile(r"tinyllm-(core|native)-|javacpp-|openblas-|jackson-|slf4j-api-|jspecify-")
LIMIT_S = 300


def check() -> Tally:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="tinyllm-embed-") as folder:
        repository = Path(folder) / "repository"
        with tally.test("embed: the artefacts are complete") as problems:
            install(repository)
            problems += artefacts(repository)
        if not tally.failed:
            with tally.test("embed: examples/embed answers, outside of the clone") as problems:
                problems += answer(repository, Path(folder))
    with tally.test("embed: the README shows examples/embed as it is") as problems:
        if (EXAMPLE / "src/main/java/Ask.java").read_text().strip() not in (paths.ROOT / "README.md").read_text():
            problems.append("README.md and examples/embed/src/main/java/Ask.java differ: copy the program into the README")
    return tally


def install(repository: Path) -> None:
    """Put the parent, native and core with sources and Javadoc into the repository, as `mvn install` would."""
    borrow(kernels.maven_repository(), repository)
    words = ["-pl", "native,lib/core", "-am", "-Dmaven.test.skip=true", "-Dspotless.check.skip=true", "install"]
    _maven("packing the library for others", words, repository, paths.ROOT)


def borrow(source: Path, repository: Path) -> None:
    """Links to everything in a Maven repository except this project's own group."""
    (repository / "org").mkdir(parents=True)
    for folder, into in ((source, repository), (source / "org", repository / "org")):
        for child in folder.iterdir():
            if child.is_dir() and child not in (source / "org", source / GROUP):
                (into / child.name).symlink_to(child)


def artefacts(repository: Path) -> list[str]:
    problems = []
    for module, automatic in NAMES.items():
        jars = {kind: _jar(repository, module, kind) for kind in ("", "-sources", "-javadoc")}
        missing = [f"tinyllm-{module}{kind}" for kind, jar in jars.items() if jar is None]
        if missing:
            problems.append(f"{', '.join(missing)} was not made")
            continue
        with zipfile.ZipFile(jars[""]) as jar:
            names = set(jar.namelist())
            problems += [f"{entry} of tinyllm-{module} has another time than its file: JavaCPP would keep an older one in its place"
                         for entry in names if entry.endswith((".so", ".dylib")) and not _same_time(jar.getinfo(entry))]
            manifest = jar.read("META-INF/MANIFEST.MF").decode()
        if f"Automatic-Module-Name: {automatic}\r\n" not in manifest:
            problems.append(f"the manifest of tinyllm-{module} does not name the module {automatic}")
        classes = {name for name in names if name.endswith(".class")}
        problems += [f"tinyllm-{module} holds {name}" for name in sorted(classes) if re.match(r"tinyllm/(lab|bench|cli|server|agent)/", name)]
        sources = set(zipfile.ZipFile(jars["-sources"]).namelist())
        tops = {re.sub(r"(\$.*)?\.class$", ".java", name) for name in classes}
        problems += [f"the sources of tinyllm-{module} lack {name}" for name in sorted(tops - sources)
                     if not name.endswith("module-info.java")][:5]
        if "index.html" not in zipfile.ZipFile(jars["-javadoc"]).namelist():
            problems.append(f"the Javadoc of tinyllm-{module} has no index.html")
        if module == "core":
            metal = paths.ROOT / "metal"
            wanted = {f"tinyllm/{file.relative_to(paths.ROOT).as_posix()}" for file in metal.rglob("*") if file.is_file()}
            problems += [f"tinyllm-core lacks {name}" for name in sorted(wanted - names)]
    return problems


def _same_time(entry: zipfile.ZipInfo) -> bool:
    """A zip keeps local time, in steps of two seconds."""
    built = (paths.ROOT / "native" / "target" / "classes" / entry.filename).stat().st_mtime
    return abs(time.mktime((*entry.date_time, 0, 0, -1)) - built) <= 2


def _jar(repository: Path, module: str, kind: str) -> Path | None:
    found = sorted((repository / GROUP / f"tinyllm-{module}").glob(f"*/tinyllm-{module}-*{kind}.jar"))
    if not kind:
        found = [jar for jar in found if not jar.stem.endswith(("-sources", "-javadoc", "-tests"))]
    return found[0] if found else None


def answer(repository: Path, folder: Path) -> list[str]:
    """Compile and run a copy of the example; its class path and its answer tell whether it is right."""
    project = folder / "embed"
    copytree(EXAMPLE, project, ignore=lambda *_: ["target"])
    said = project / "said.txt"
    goals = ["compile", f"{setup.DEPENDENCY_PLUGIN}:build-classpath", "-Dmdep.outputFile=classpath.txt", "exec:exec",
             f"-Dexec.outputFile={said}"]
    _maven("asking from outside of the clone", goals, repository, project)
    problems = []
    entries = (project / "classpath.txt").read_text().strip().split(os.pathsep)
    for entry in entries:
        if not WANTED.match(Path(entry).name):
            problems.append(f"{Path(entry).name} comes along with tinyllm-core")
        if Path(entry).is_relative_to(paths.ROOT):
            problems.append(f"{entry} is in the clone")
    valid = subprocess.run(
        [machine.find_jdk() / "bin" / "java", "--module-path", os.pathsep.join(entries), "--describe-module", NAMES["core"]],
        capture_output=True, text=True, timeout=LIMIT_S)
    if valid.returncode or "automatic" not in valid.stdout:
        problems.append(f"the jars make no module path: {(valid.stdout + valid.stderr).strip()[:300]}")
    text = said.read_text(errors="replace")
    if "Paris" not in text:
        problems.append(f"the program does not answer: {text.strip()[:300]}")
    return problems


def _maven(label: str, words: list[str], repository: Path, folder: Path) -> None:
    jdk = machine.find_jdk()
    env = setup.java_environment(jdk)
    env.pop("TINYLLM_ROOT")
    env["JAVA_TOOL_OPTIONS"] = f"-Dorg.bytedeco.javacpp.cachedir={paths.home() / 'javacpp'}"
    command = [machine.find_maven(), "-B", "-ntp", "-Dstyle.color=never", f"-Dmaven.repo.local={repository}",
               f"-Dtinyllm.python={paths.python()}", *words]
    run(label, command, paths.home() / "logs" / "embed.log", env, folder, lambda line: line[-60:])
