"""`./lab notebooks map`: draw docs/map.png, the README's map of the course, from the chapters as they are."""

import subprocess

from .. import machine, paths, setup
from ..console import Failure

MAIN = "tinyllm.lab.MapFile"


def main() -> int:
    jdk = machine.find_jdk()
    command = [jdk / "bin" / "java", *setup.jvm_flags(), *setup.VECTORS, "-cp", setup.classpath("lib/lab"), MAIN, paths.SOURCES, paths.ROOT / "docs" / "map.png"]
    if subprocess.run([str(part) for part in command], env=setup.java_environment(jdk)).returncode:
        raise Failure("docs/map.png was not written; what Java said stands above.")
    return 0
