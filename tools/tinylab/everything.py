"""`./lab test`: the tools' own tests, Maven's, the notebooks and the browser; then what passed."""

import os
import sys
import time
import unittest
from pathlib import Path
from xml.etree import ElementTree

from . import browser, java, machine, paths, setup
from .console import Failure, run, say
from .notebooks import check
from .results import Tally

# The notebooks in quick mode, the parity tests and the commands' tests run these.
MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b")


def main(long: bool) -> int:
    begun = time.monotonic()
    if long:
        os.environ["TINYLLM_LONG"] = "1"
    fetch_models()
    parts = {}
    for name, part in (("tools", tools), ("Java", lambda: maven(long)), ("notebooks", lambda: check.check(long=long)),
                       ("browser", browser.check)):
        start = time.monotonic()
        tally = part()
        parts[name] = tally
        say(f"{name}: {tally.line()} ({time.monotonic() - start:.0f} s)")
    return summary(parts, time.monotonic() - begun)


def summary(parts: dict[str, Tally], seconds: float) -> int:
    total = Tally()
    for tally in parts.values():
        total.add(tally)
    print("The ten slowest parts:")
    for name, took in sorted(total.seconds.items(), key=lambda pair: -pair[1])[:10]:
        print(f"  {took:7.1f} s  {name}")
    for note in total.notes:
        print(f"Skipped: {note}")
    print(f"In {seconds / 60:.1f} minutes:")
    for name, tally in parts.items():
        print(f"  {name:10} {tally.line()}")
    return total.report()


def fetch_models() -> None:
    """Get the models that tests use; a test that misses its model says so itself."""
    jdk = machine.find_jdk()
    for name in MODELS:
        command = [jdk / "bin" / "java", *setup.jvm_flags(), "-cp", setup.classpath("lib/serve"), java.MAIN, "models", "fetch", name]
        try:
            run(f"looking for the model {name}", command, paths.home() / "logs" / "models.log",
                setup.java_environment(jdk), paths.ROOT, lambda line: line[-60:])
        except Failure as failure:
            say(str(failure))


def tools() -> Tally:
    """The tests of what stands in tools/."""
    tally = Tally()
    suite = unittest.defaultTestLoader.discover(str(paths.ROOT / "tools" / "tests"))
    with tally.test("tools") as problems:
        result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
        for test, trace in result.failures + result.errors:
            problems.append(f"{test}: {trace.strip().splitlines()[-1]}")
    bad = len(result.failures) + len(result.errors)
    tally.passed, tally.failed, tally.skipped = result.testsRun - bad - len(result.skipped), bad, len(result.skipped)
    return tally


def maven(long: bool) -> Tally:
    """`mvn verify` over all modules; the counts come from Surefire's reports."""
    for report in _reports():
        report.unlink()
    jdk = machine.find_jdk()
    command = [machine.find_maven(), "-B", "-ntp", "-Dstyle.color=never", "-Dmaven.test.failure.ignore=true",
               f"-Dtinyllm.python={paths.python()}", *(["-Dtinyllm.long=true"] if long else []), "verify"]
    tally = Tally()
    try:
        run("testing the library", command, paths.home() / "logs" / "test.log", setup.java_environment(jdk), paths.ROOT, _step)
    except Failure as failure:
        tally.failed += 1
        tally.problems.append(str(failure))
    for report in _reports():
        _count(report, tally)
    if tally.passed == 0 and not tally.failed:
        tally.failed += 1
        tally.problems.append("Maven ran no test at all")
    return tally


def _step(line: str) -> str | None:
    found = line.removeprefix("[INFO] ").removeprefix("[ERROR] ")
    if found.startswith(("Running ", "Building Tiny")):
        return found
    return None


def _reports() -> list[Path]:
    return [path for module in setup.MODULES for path in sorted((paths.ROOT / module / "target").glob("surefire-reports/TEST-*.xml"))]


def _count(report: Path, tally: Tally) -> None:
    suite = ElementTree.parse(report).getroot()
    name = suite.get("name", report.stem)
    tally.seconds[name] = float(suite.get("time", "0").replace(",", ""))
    for case in suite.iter("testcase"):
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped = case.find("skipped")
        if bad is not None:
            tally.failed += 1
            message = (bad.get("message") or bad.get("type") or "").strip().split("\n")[0]
            tally.problems.append(f"{name}.{case.get('name')}: {message[:300]}")
        elif skipped is not None:
            tally.skipped += 1
            tally.notes.append(f"{name}.{case.get('name')}: {(skipped.get('message') or '').strip()[:200]}")
        else:
            tally.passed += 1
