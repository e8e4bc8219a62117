"""The tests of what stands in tools/: those that start kernels in processes of their own, beside the others."""

import json
import subprocess
import sys
import unittest

from . import paths
from .results import Tally

FOLDER = paths.ROOT / "tools" / "tests"
# They wait for kernels most of the time. Processes, because the other tests put their own folders into tinylab.paths.
BESIDE = (("test_kernel_faults.InterruptTest",),
          ("test_kernel_faults.CrashTest", "test_kernel_faults.RerunTest", "test_kernel_faults.EditAgainTest",
           "test_kernel_faults.FirstModelTest"))
CHILD = "import sys; sys.path[:0] = sys.argv[1:3]; from tinylab import unittests; unittests.child(sys.argv[3:])"


def run() -> Tally:
    """All tests."""
    tally = Tally()
    with tally.test("tools") as problems:
        aside = [_start(names) for names in BESIDE]
        try:
            chosen = [test for test in _discovered() if not _beside(test)]
            counts = [_run(unittest.TestSuite(chosen)), *(_result(process, names) for process, names in zip(aside, BESIDE))]
        finally:
            for process in aside:
                process.kill()
                process.wait()
        for one in counts:
            problems += one["problems"]
    return _counted(tally, counts)


class Quick:
    """The tests but those of classes that say `slow = True`, in a process of their own beside whatever else runs."""

    def __init__(self) -> None:
        self.process = _start(())

    def wait(self) -> Tally:
        tally = Tally()
        try:
            with tally.test("tools") as problems:
                counts = [_result(self.process, ("the tools' tests",))]
                problems += counts[0]["problems"]
        finally:
            self.stop()
        return _counted(tally, counts)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def _counted(tally: Tally, counts: list[dict]) -> Tally:
    bad, skipped = sum(len(one["problems"]) for one in counts), sum(one["skipped"] for one in counts)
    tally.passed, tally.failed, tally.skipped = sum(one["run"] for one in counts) - bad - skipped, bad, skipped
    return tally


def child(names: list[str]) -> None:
    """In a process of its own: run these classes, or without names all that are not slow; the last line printed is what came of it."""
    if names:
        tests = unittest.defaultTestLoader.loadTestsFromNames(names)
    else:
        tests = unittest.TestSuite(test for test in _discovered() if not getattr(test, "slow", False))
    print(json.dumps(_run(tests)), flush=True)


def _discovered() -> list[unittest.TestCase]:
    return list(_tests(unittest.defaultTestLoader.discover(str(FOLDER))))


def _start(names: tuple[str, ...]) -> subprocess.Popen:
    command = [sys.executable, "-I", "-X", "utf8", "-c", CHILD, str(paths.ROOT / "tools"), str(FOLDER), *names]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


def _result(process: subprocess.Popen, names: tuple[str, ...]) -> dict:
    lines = (process.communicate()[0] or "").strip().splitlines()
    if process.returncode or not lines:
        return {"run": 1, "skipped": 0, "problems": [f"{', '.join(names)}: the process ended with exit code {process.returncode}"]}
    return json.loads(lines[-1])


def _run(suite: unittest.TestSuite) -> dict:
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    problems = [f"{test}: {trace.strip().splitlines()[-1]}" for test, trace in result.failures + result.errors]
    return {"run": result.testsRun, "skipped": len(result.skipped), "problems": problems}


def _beside(test: unittest.TestCase) -> bool:
    kind = type(test)
    return any(f"{kind.__module__}.{kind.__qualname__}" in names for names in BESIDE)


def _tests(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _tests(test)
        else:
            yield test
