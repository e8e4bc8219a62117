"""What `./lab test --quick` compiles and starts for Java: folders, class paths and flags, taken from the poms."""

import os
import shlex
from pathlib import Path
from xml.etree import ElementTree

from . import console, machine, paths, setup, stamps

MODULES = {"native": "native", "core": "lib/core", "lab": "lib/lab", "serve": "lib/serve"}
# Whose classes a module sees, nearest first; those of native are Maven's, because C++ is compiled with them.
NEEDS = {"native": (), "core": (), "lab": ("core",), "serve": ("lab", "core")}
RUNNER = paths.ROOT / "tools" / "java"
SPACE = {"m": "http://maven.apache.org/POM/4.0.0"}


def folder() -> Path:
    return paths.TARGET / "quick"


def ensure_class_paths(jdk: Path) -> None:
    """Ask Maven for the modules' class paths for tests; once for each state of the poms."""
    stamp, wanted = folder() / "class-paths.stamp", stamps.digest(str(jdk), *_poms())
    if stamps.is_current(stamp, wanted) and all(_maven_path(name).exists() for name in MODULES):
        return
    command = [machine.find_maven(), "-B", "-ntp", "-Dstyle.color=never", f"-Dtinyllm.python={paths.python()}",
               *(f"-D{part}.skip=true" for part in ("maven.main", "maven.test", "maven.resources", "spotless.check")),
               "process-test-classes", f"{setup.DEPENDENCY_PLUGIN}:build-classpath", "-DincludeScope=test",
               "-Dmdep.outputFile=target/test-classpath.txt"]
    console.run("asking Maven for the tests' class paths", command, paths.home() / "logs" / "class-paths.log",
                setup.java_environment(jdk), paths.ROOT, lambda _: None, setup.maven_bytes)
    stamps.write(stamp, wanted)


def _poms() -> list[Path]:
    return [paths.ROOT / "pom.xml", *(paths.ROOT / place / "pom.xml" for place in MODULES.values())]


def _maven_path(name: str) -> Path:
    return paths.ROOT / MODULES[name] / "target" / "test-classpath.txt"


def classes(name: str, kind: str) -> Path:
    """Where a module's classes stand: kind "main" or "test". The folders' names are Maven's, by which ArchUnit knows tests."""
    above = paths.ROOT if (name, kind) == ("native", "main") else folder()
    return above / name / "target" / ("classes" if kind == "main" else "test-classes")


def class_path(name: str) -> str:
    """What a module's tests run on: the quick classes and the resources as they stand in the sources, then Maven's jars."""
    source = paths.ROOT / MODULES[name] / "src"
    entries = [classes(name, "test"), source / "test" / "resources"]
    for module in (name, *NEEDS[name]):
        entries += [classes(module, "main"), paths.ROOT / MODULES[module] / "src" / "main" / "resources"]
        if module == "core":
            entries.append(folder() / "core" / "travelling")
    built = {str(paths.ROOT / place / "target" / "classes") for module, place in MODULES.items() if module != "native"}
    jars = [entry for entry in _maven_path(name).read_text().strip().split(os.pathsep) if entry not in built]
    return os.pathsep.join(map(str, [*entries, *jars]))


def link_metal() -> None:
    """What metal/ holds travels in the core jar under tinyllm/metal; here a link stands in its place."""
    link = folder() / "core" / "travelling" / "tinyllm" / "metal"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(paths.ROOT / "metal")


def units(names: tuple[str, ...], jdk: Path) -> list[str]:
    """The lines for tools/java/Compile.java: a module's own code before its tests, and whatever these modules need."""
    needed = [name for name in MODULES if name in names or any(name in NEEDS[other] for other in names)]
    rest = setup.foundation_digest(jdk)
    lines = [_unit("runner", folder() / "runner", class_path("native"), "", [RUNNER], [], rest)]
    for name in needed:
        source, above = paths.ROOT / MODULES[name] / "src", [f"{other} main" for other in NEEDS[name]]
        path, options = class_path(name), "-parameters --add-modules jdk.incubator.vector"
        if name != "native":
            lines.append(_unit(f"{name} main", classes(name, "main"), path, options, [source / "main" / "java"], above, rest))
            above = [f"{name} main", *above]
        if name in names:
            samples = [paths.ROOT / "native" / "samples" / "src" / "main" / "java"] if name == "native" else []
            lines.append(_unit(f"{name} test", classes(name, "test"), path, options, [source / "test" / "java", *samples],
                               [*above, "runner"], rest))
    return lines


def _unit(name: str, out: Path, path: str, options: str, sources: list[Path], before: list[str], rest: str) -> str:
    return "\t".join([name, str(out), path, options, ",".join(map(str, sources)), ",".join(before), rest])


def test_classes(name: str) -> list[str]:
    """The classes that Surefire would run, by its own rule for names."""
    sources = paths.ROOT / MODULES[name] / "src" / "test" / "java"
    found = (path.relative_to(sources).with_suffix("") for path in sources.rglob("*.java"))
    return sorted(".".join(path.parts) for path in found
                  if path.name.startswith("Test") or path.name.endswith(("Test", "Tests", "TestCase")))


def command(name: str, jdk: Path, runner: Path) -> list[str]:
    """The JVM for a module's tests, up to the class to start: Surefire's flags, and only the quick compiler, since no test runs long."""
    arguments = _surefire(name, "m:argLine")[-1].text or ""
    flags = shlex.split(_value(arguments.replace("${tinyllm.jvm}", ""), name, 0))
    properties = [f"-D{each.tag.rpartition('}')[2]}={_value(each.text or '', name, 0)}"
                  for block in _surefire(name, "m:systemPropertyVariables") for each in block]
    return [str(jdk / "bin" / "java"), *setup.jvm_flags(), *flags, *properties, f"-Dtinyllm.python={paths.python()}",
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", os.pathsep.join([class_path(name), str(runner)])]


def environment(name: str, lane: int, jdk: Path) -> dict[str, str]:
    """Surefire's environment for a module, each lane with one thread for arrays."""
    env = {**setup.java_environment(jdk), "TINYLLM_THREADS": "1"}
    for block in _surefire(name, "m:environmentVariables"):
        env.update({each.tag.rpartition("}")[2]: _value(each.text or "", name, lane) for each in block})
    return env


def _surefire(name: str, part: str) -> list[ElementTree.Element]:
    """This part of Surefire's configuration, the root's first and the module's own last."""
    found = []
    for pom in (paths.ROOT / "pom.xml", paths.ROOT / MODULES[name] / "pom.xml"):
        for plugin in ElementTree.parse(pom).getroot().iterfind(".//m:plugin", SPACE):
            if plugin.findtext("m:artifactId", "", SPACE) == "maven-surefire-plugin":
                found += plugin.findall(f"m:configuration/{part}", SPACE)
    return found


def _value(text: str, name: str, lane: int) -> str:
    target = paths.ROOT / MODULES[name] / "target"
    for key, value in (("tinyllm.home", paths.home()), ("project.build.directory", target), ("surefire.forkNumber", lane)):
        text = text.replace("${" + key + "}", str(value))
    root = ElementTree.parse(paths.ROOT / "pom.xml").getroot()
    for each in root.find("m:properties", SPACE) or ():
        text = text.replace("${" + each.tag.rpartition("}")[2] + "}", each.text or "")
    return text
