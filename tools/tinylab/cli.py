"""Which command was asked for, and what its exit code is."""

import os
import sys

from . import java, jupyter, machine, paths, report, setup
from .console import Failure, WrongUsage, say

HELP = {
    "chapter": """Usage: ./lab chapter NN [--fresh] [--no-browser] [--port N]
Open chapter NN (11, 1.1 or 11-attention) in your own copy, notebooks/my/NN-topic.ipynb.
  --fresh       put your copy away in notebooks/my/old/ and begin again
  --no-browser  print the address instead of opening a browser
  --port N      the port to serve on (default: the first free one from 8888)
  --kernel K    jjava (the default) or ijava""",
    "test": """Usage: ./lab test [PART ...] [--quick | --long | --chapter NN]
Run every test, or the parts that are named; the last line counts what passed.
  PART          tools, native, core, lab, serve, notebooks, embed, book or browser
  --quick       in less than a minute: no slow test, no notebook executed, no embed, book or browser unless it is named;
                Java by the plain compiler, so without Error Prone's and the formatter's checks
  --chapter NN  one chapter (11, 1.1 or 11-attention): its exercises, edit-run-check, starter and solved notebook
  --long        notebooks in full, and the soak, load and fuzz tests at their full size""",
    "notebooks": """Usage: ./lab notebooks check|build|thumbs [NN ...] [--long] [--keep-outputs | --no-solutions [--out FOLDER]]
       ./lab notebooks first-cell [NN ...] [--model NAME]
       ./lab notebooks map
  check         regenerate, compare with the stored notebooks, execute
  build         regenerate the notebooks, execute the solved ones and store their outputs
  thumbs        cut the README's small pictures from the stored outputs (build does it too)
  first-cell    how long a learner waits for each chapter's first cell: its line of progress, its picture, its end
  map           draw docs/map.png, the map of the course in the README
  NN            only these chapters (11, 1.1 or 11-attention)
  --model NAME  measure with this model alone (default: qwen2.5-coder-0.5b, then smollm2-135m)
  --long        check in full instead of quick mode
  --keep-outputs  build without executing: new words, stored outputs; refused for a chapter whose code changed
  --no-solutions  build starters to hand out, without hints and solutions, into target/handout or --out FOLDER""",
    "book": """Usage: ./lab book [--out FOLDER]
Write the solved chapters, with their stored outputs, as a book of HTML pages with a search; nothing is executed.
  --out FOLDER  where to (default: target/book); a former book there is replaced""",
    "doctor": """Usage: ./lab doctor [--report] [--json] [--scan MODEL]
What this machine has, what is missing and what to do about each lack.
  --report      print Markdown to paste into an issue: no home folder, no user or host name
  --json        print one JSON object and nothing else
  --scan MODEL  look for NaN and infinity in every tensor of a model""",
}


def main(arguments: list[str]) -> int:
    try:
        return dispatch(arguments)
    except WrongUsage as wrong:
        print(f"lab: {wrong}", file=sys.stderr)
        return 2
    except Failure as failure:
        print(f"lab: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("stopped; run it again to go on from here")
        return 130


def dispatch(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command in ("", "--no-browser") or command.partition("=")[0] in ("--port", "--kernel"):
        return jupyter.open_lab(arguments)
    wants_help = any(argument in ("-h", "--help") for argument in rest)
    if command in HELP and wants_help:
        print(HELP[command])
        return 0
    if command == "doctor":
        return doctor(rest)
    if command in java.COMMANDS:
        if wants_help and not setup.built():
            print(f"Usage: ./lab {command} [options]\nAll options are shown once ./lab doctor has built the library.")
            return 0
        java.become(arguments, as_built=wants_help)
    if command == "chapter":
        return jupyter.open_chapter(rest)
    if command in ("notebooks", "test", "book"):
        return inside(command, rest)
    raise WrongUsage(f'there is no command "{command}"; ./lab --help lists them.')


def inside(command: str, rest: list[str]) -> int:
    """Run a command that needs the installed packages: set up, then go on in the environment's own Python."""
    from . import commands

    options = commands.parse(command, rest)
    if os.environ.get("TINYLLM_READY") != "1":
        made = setup.ensure_packages() if command == "book" else setup.java_environment(setup.ensure(jars=commands.needs_jars(options)))
        env = {**made, "TINYLLM_READY": "1"}
        os.execve(paths.python(), [str(paths.python()), "-I", "-X", "utf8", sys.argv[0], command, *rest], env)
    os.environ.pop("TINYLLM_READY")
    return commands.run(command, options)


def doctor(rest: list[str]) -> int:
    """What is missing for the set-up comes first; with all of it there, Java reports the rest."""
    lacks = machine.lacks()
    if lacks:
        print(report.of_lacks(lacks) if "--report" in rest else "\n".join(f"missing: {lack}" for lack in lacks))
        return 1
    java.become(["doctor", *rest])
    return 0
