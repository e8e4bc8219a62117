"""Commands that Java answers: this process becomes the JVM, so that signals, input and exit codes are its own."""

import os
import sys

from . import machine, paths, setup

MAIN = "tinyllm.cli.Main"
COMMANDS = ("doctor", "models", "generate", "batch", "logprobs", "perplexity", "tokenize", "detokenize", "chat", "check", "serve", "bench", "film")


def _vectors(arguments: list[str]) -> list[str]:
    """The Vector API has to be asked for, and says so on standard error: only where exercises and their answers are loaded."""
    return setup.VECTORS if arguments[:1] == ["check"] or any(a in ("mine", "--solution=mine") for a in arguments) else []


def become(arguments: list[str], as_built: bool = False) -> None:
    """Run a Java command; `as_built` takes the library as it was built last, without looking for changes."""
    jdk = machine.find_jdk() if as_built else setup.ensure()
    flags = [*setup.jvm_flags(), *_vectors(arguments), "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8"]
    command = [str(jdk / "bin" / "java"), *flags, "-cp", setup.classpath("lib/serve"), MAIN, *arguments]
    env = setup.java_environment(jdk)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, env)
