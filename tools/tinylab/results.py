"""What passed, what failed, and how long it took, over all kinds of tests."""

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Iterator

from .console import Failure, say


class Skipped(Exception):
    """A test that can't run here; the sentence says why."""


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @contextmanager
    def test(self, name: str) -> Iterator[list[str]]:
        """One test: it fails when the block raises, or leaves sentences in the list that it is given."""
        begun = time.monotonic()
        sentences: list[str] = []
        try:
            yield sentences
        except Skipped as skipped:
            self.skipped += 1
            self.notes.append(f"{name}: skipped, {skipped}")
            say(self.notes[-1])
            return
        except KeyboardInterrupt:
            raise
        except Failure as failure:
            sentences.append(str(failure))
        except Exception as unexpected:  # noqa: BLE001 - a test's fault must not end the run
            sentences.append(f"{type(unexpected).__name__}: {unexpected}")
        self.seconds[name] = time.monotonic() - begun
        if sentences:
            self.failed += 1
            self.problems += [f"{name}: {sentence}" for sentence in sentences]
        else:
            self.passed += 1
        say(f"{name}: {'failed' if sentences else 'passed'} ({self.seconds[name]:.0f} s)")

    def add(self, other: "Tally") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.seconds.update(other.seconds)
        self.problems += other.problems
        self.notes += other.notes
        self.remarks += other.remarks

    def line(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def report(self) -> int:
        """Print the problems and the closing line; returns the exit code."""
        for problem in self.problems:
            print(f"FAILED {problem}")
        print(self.line(), flush=True)
        return 1 if self.failed else 0
