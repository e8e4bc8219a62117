"""The Java part of `./lab test`: one Maven run over the modules that were asked for, counted from Surefire's reports."""

from pathlib import Path
from xml.etree import ElementTree

from . import machine, paths, setup
from .console import Failure, run
from .results import Tally

MODULES = {"native": "native", "core": "lib/core", "lab": "lib/lab", "serve": "lib/serve"}
# The tests that look at one chapter alone when the property tinyllm.chapter names it.
CHAPTER_TESTS = "ExercisesTest,MisbehavingAnswersTest,MutationTest,EditRunCheckTest"


def test(names: tuple[str, ...] = tuple(MODULES), *, long: bool = False, chapter: str = "") -> Tally:
    """The tests of these modules; `chapter` keeps one chapter's alone."""
    for report in _reports():
        report.unlink()
    words = ["-Dmaven.test.failure.ignore=true", f"-Dtinyllm.python={paths.python()}"]
    if long:
        words.append("-Dtinyllm.long=true")
    if chapter:
        words += [f"-Dtinyllm.chapter={chapter}", f"-Dtest={CHAPTER_TESTS}", "-Dsurefire.failIfNoSpecifiedTests=false"]
    words += _modules(names)
    # Javadoc's errors are the compiler's too, and the part "embed" makes the jars.
    words += ["-Dmaven.javadoc.skip=true", "verify"] if set(names) == set(MODULES) else ["test"]
    jdk = machine.find_jdk()
    command = [machine.find_maven(), "-B", "-ntp", "-Dstyle.color=never", *words]
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


def _modules(names: tuple[str, ...]) -> list[str]:
    """Which modules Maven builds, and which of these it leaves untested because they are only needed by others."""
    if set(names) == set(MODULES):
        return []
    needed = [f"-Dtinyllm.skip.{name}" for name in ("native", "core", "lab") if name not in names]
    return ["-pl", ",".join(MODULES[name] for name in names), "-am", *needed]


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
