"""`./lab test`: the tools' own tests, Maven's, the notebooks, the library for others and the browser; then what passed."""

import contextlib
import os
import time
from typing import Callable

from . import bookcheck, browser, embed, javatests, machine, models, quickjava, unittests
from .commands import Options
from .console import say
from .notebooks import check
from .results import Tally

# The notebooks in quick mode, the parity tests and the commands' tests run these.
MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b")
# Parts that neither load a model nor start a kernel.
WITHOUT_MODELS = {"tools", "native", "book"}
# What ./lab test --quick leaves out unless it is named: it opens a browser, waits for Maven, or reads the whole book.
SLOW = {"embed", "book", "browser"}


def main(options: Options) -> int:
    begun = time.monotonic()
    if options.long:
        os.environ["TINYLLM_LONG"] = "1"
    chosen = plan(options)
    if not options.quick and set(chosen) - WITHOUT_MODELS:
        fetch_models()
    parts = {}
    with contextlib.ExitStack() as stack:
        if options.quick and "tools" in chosen:
            beside = unittests.Quick()
            stack.callback(beside.stop)
            chosen = {**{name: part for name, part in chosen.items() if name != "tools"}, "tools": beside.wait}
        for name, part in chosen.items():
            start = time.monotonic()
            tally = part()
            parts[name] = tally
            say(f"{name}: {tally.line()} ({time.monotonic() - start:.0f} s)")
    return summary(parts, time.monotonic() - begun)


def plan(options: Options) -> dict[str, Callable[[], Tally]]:
    """The parts to run, in order; the Java modules that are chosen make one part."""
    long, quick = options.long, options.quick
    if options.chapter:
        return {"exercises": lambda: javatests.test(("lab",), long=long, chapter=options.chapter),
                "notebooks": lambda: check.check((options.chapter,), long=long, starters=True)}
    every = {"tools": unittests.run,
             "notebooks": lambda: check.check(long=long, execute=not quick),
             "embed": embed.check,
             "book": bookcheck.check,
             "browser": lambda: browser.check(long)}
    if quick:
        every = {name: part for name, part in every.items() if name not in SLOW or name in options.parts}
    modules = tuple(name for name in javatests.MODULES if not options.parts or name in options.parts)
    chosen = {name: part for name, part in every.items() if not options.parts or name in options.parts}
    if modules:
        first = {name: chosen.pop(name) for name in ("tools",) if name in chosen}
        chosen = {**first, "Java": lambda: quickjava.test(modules) if quick else javatests.test(modules, long=long), **chosen}
    return chosen


def summary(parts: dict[str, Tally], seconds: float) -> int:
    total = Tally()
    for tally in parts.values():
        total.add(tally)
    print("The ten slowest parts:")
    for name, took in sorted(total.seconds.items(), key=lambda pair: -pair[1])[:10]:
        print(f"  {took:7.1f} s  {name}")
    for remark in total.remarks:
        print(f"Too slow for --quick: {remark}")
    for note in total.notes:
        print(f"Skipped: {note}")
    print(f"In {seconds / 60:.1f} minutes:")
    for name, tally in parts.items():
        print(f"  {name:10} {tally.line()}")
    return total.report()


def fetch_models() -> None:
    """Get the models that tests use; a test that misses its model says so itself."""
    for name in MODELS:
        models.fetch(name, machine.find_jdk())
