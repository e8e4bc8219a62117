"""Java's part of `./lab test --quick`: compiled without Maven, and two JVMs side by side that share out the test classes."""

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from . import machine, paths, quickplan, setup
from .console import Failure, run, together
from .results import Tally

# Which modules each lane takes, in this order: core is as long as the others together.
LANES = (("core", "serve", "lab", "native"), ("native", "lab", "serve", "core"))
# A JVM needs this long to be of use, so that a lane does not start one for less.
HELPS_FROM = 3.0
# What a class takes that has not run here yet.
UNKNOWN = 1.0
# From where on a run says that a class should be tagged "slow": seconds of computing, which a busy machine hardly changes, and
# seconds in all, for who waits. The rule is two seconds; what loads MLX first in its JVM is some above.
COMPUTING, IN_ALL = 4.0, 20.0


@dataclass
class _Module:
    """One module's tests on their way: compiled yet, and which classes are taken."""

    name: str
    folder: Path
    seconds: dict[str, float]
    ready: threading.Event = field(default_factory=threading.Event)
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = self.seconds
        self.names = sorted(quickplan.test_classes(self.name), key=lambda name: (-known.get(name, UNKNOWN), name))
        (self.folder / "claims").mkdir(parents=True)
        (self.folder / "classes.txt").write_text("".join(f"{name}\n" for name in self.names))

    def left(self) -> list[str]:
        return [name for name in self.names if not (self.folder / "claims" / name).exists()]

    def work(self) -> float:
        """About how many seconds of tests nobody has taken."""
        return sum(self.seconds.get(name, UNKNOWN) for name in self.left())


class _Run:
    def __init__(self, names: tuple[str, ...], jdk: Path):
        self.jdk = jdk
        self.base = quickplan.folder() / "run"
        shutil.rmtree(self.base, ignore_errors=True)
        last = _times()
        self.modules = {name: _Module(name, self.base / name, last) for name in names}
        self.broken = False
        self.crashes: list[str] = []
        self.started: set[str] = set()

    def compile(self) -> None:
        """Everything that these modules need; says of each module when it is there."""
        plan, env = self.base / "units.txt", setup.java_environment(self.jdk)
        plan.write_text("".join(f"{line}\n" for line in quickplan.units(tuple(self.modules), self.jdk)))
        java = [self.jdk / "bin" / "java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx1500m", quickplan.RUNNER / "Compile.java", plan]
        try:
            run("compiling", java, _log("compile"), env, paths.ROOT, self._compiled)
        except Failure:
            self.broken = True
            raise
        finally:
            for module in self.modules.values():
                module.ready.set()

    def _compiled(self, line: str) -> str | None:
        name, _, kind = line.partition(" ")
        if kind == "test" and name in self.modules:
            self.modules[name].ready.set()
        return line if line.startswith("compiled ") else None

    def lane(self, number: int) -> None:
        """Take one module after another, and what another lane has left of its own."""
        for name in LANES[number - 1]:
            if name not in self.modules:
                continue
            module = self.modules[name]
            module.ready.wait()
            while not self.broken and module.left():
                if name in self.started and module.work() < HELPS_FROM:
                    break
                self.started.add(name)
                self._jvm(module, number)

    def _jvm(self, module: _Module, lane: int) -> None:
        results = module.folder / f"results-{lane}.txt"
        command = [*quickplan.command(module.name, self.jdk, quickplan.folder() / "runner"), "RunTests",
                   module.folder / "classes.txt", module.folder / "claims", results]
        before = len(module.left())
        try:
            run(f"testing {module.name}", command, _log(f"{module.name}-{lane}"), quickplan.environment(module.name, lane, self.jdk),
                paths.ROOT / quickplan.MODULES[module.name], lambda line: line if line.startswith("Running ") else None)
        except Failure as failure:
            self.crashes.append(f"{module.name}: {failure}")
            if len(module.left()) == before:  # it does not even start
                self.broken = True


def test(names: tuple[str, ...]) -> Tally:
    """The tests of these modules that are not tagged "slow"."""
    jdk, tally = machine.find_jdk(), Tally()
    try:
        quickplan.ensure_class_paths(jdk)
        quickplan.link_metal()
        all_ = _Run(names, jdk)
    except Failure as failure:
        return _failed(tally, str(failure))
    try:
        together(all_.compile, *(lambda number=number: all_.lane(number) for number in range(1, len(LANES) + 1)))
    except Failure as failure:
        _failed(tally, str(failure))
    unfinished = 0
    for module in all_.modules.values():
        for file in sorted(module.folder.glob("results-*.txt")):
            unfinished += count(file.read_text(encoding="utf-8"), tally)
    for crash in all_.crashes[unfinished:]:  # a JVM that ended with no class at work
        _failed(tally, crash)
    for module in all_.modules.values():
        left = module.left()
        if left:
            _failed(tally, f"{len(left)} test classes of {module.name} did not run, {left[0]} the first of them")
    if tally.passed == 0 and not tally.failed:
        _failed(tally, "no test ran at all")
    _keep_times(tally.seconds)
    return tally


def count(text: str, tally: Tally) -> int:
    """Add what JVMs wrote of their tests; returns how many classes began and did not end, which took their JVM with them."""
    running: list[str] = []
    for line in text.splitlines():
        kind, name, *rest = line.split("\t")
        if kind == "begin":
            running.append(name)
        elif kind == "end":
            took, computed = map(float, rest)
            tally.seconds[name] = took
            running.remove(name)
            if computed > COMPUTING or took > IN_ALL:
                tally.remarks.append(f"{name} took {took:.1f} s: shorten it, or give what is long in it @Tag(\"slow\")")
        elif kind == "passed":
            tally.passed += 1
        elif kind == "skipped":
            tally.skipped += 1
            tally.notes.append(f"{name}.{rest[0]}: {rest[1][:200]}")
        elif kind == "failed":
            _failed(tally, f"{name}.{rest[0]}: {rest[1][:300]}")
    for name in running:
        _failed(tally, f"{name}: its JVM ended while it ran; all that it said is in {_logs()}")
    return len(running)


def _failed(tally: Tally, problem: str) -> Tally:
    tally.failed += 1
    tally.problems.append(problem)
    return tally


def _logs() -> Path:
    return paths.home() / "logs" / "quick"


def _log(name: str) -> Path:
    return _logs() / f"{name}.log"


def _times() -> dict[str, float]:
    try:
        lines = (quickplan.folder() / "times.txt").read_text().splitlines()
        return {name: float(took) for name, took in (line.split("\t") for line in lines)}
    except (OSError, ValueError):
        return {}


def _keep_times(seconds: dict[str, float]) -> None:
    """For the next run's order: the long ones first."""
    known = {**_times(), **seconds}
    (quickplan.folder() / "times.txt").write_text("".join(f"{name}\t{took:.3f}\n" for name, took in sorted(known.items())))
