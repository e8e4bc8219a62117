"""What a person sees while they wait: one line per step, on standard error."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable


class Failure(Exception):
    """Something that ends the command with one sentence and exit code 1."""


class WrongUsage(Exception):
    """A command line that makes no sense: exit code 2."""


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


class Line:
    """One step's line: redrawn in place on a terminal, else printed now and then. Steps may run side by side."""

    def __init__(self, label: str):
        self.label = label
        self.detail = ""
        self.start = time.monotonic()
        self.bytes = 0
        self.paints = False

    def __enter__(self) -> "Line":
        _board.add(self)
        return self

    def __exit__(self, kind, *_) -> None:
        mark = "done" if kind is None else "stopped" if kind is KeyboardInterrupt else "failed"
        _board.remove(self, f"{self.label}: {mark} ({self.seconds():.0f} s{downloaded(self.bytes)})")

    def seconds(self) -> float:
        return time.monotonic() - self.start

    def text(self) -> str:
        return f"{self.label} … {self.seconds():.0f} s  {self.detail}"


def downloaded(count: int) -> str:
    return f", {count / 1e6:.0f} MB downloaded" if count >= 500_000 else ""


class _Board:
    """The lines of the steps that run now; on a terminal they share its last row."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lines: list[Line] = []
        self.terminal = sys.stderr.isatty()

    def add(self, line: Line) -> None:
        with self.lock:
            self.lines.append(line)
            if not self.terminal:
                say(f"{line.label} …")
            self._keep_painting()

    def remove(self, line: Line, last: str) -> None:
        with self.lock:
            self.lines.remove(line)
            if self.terminal:
                sys.stderr.write("\r\033[K")
            say(last)
            self._keep_painting()

    def _keep_painting(self) -> None:
        """One of the lines has a thread that paints all of them, for as long as it is there."""
        if self.lines and not any(line.paints for line in self.lines):
            self.lines[0].paints = True
            threading.Thread(target=self._paint, args=(self.lines[0],), daemon=True).start()

    def _paint(self, owner: Line) -> None:
        while True:
            time.sleep(0.5 if self.terminal else 15)
            with self.lock:
                if owner not in self.lines:
                    return
                if self.terminal:
                    row = "lab: " + "  |  ".join(line.text() for line in self.lines)
                    sys.stderr.write("\r\033[K" + row[: os.get_terminal_size(2).columns - 1])
                else:
                    sys.stderr.writelines(f"lab: {line.text()}\n" for line in self.lines)
                sys.stderr.flush()


@dataclass
class Total:
    """What all commands of this run have downloaded together."""

    bytes: int = 0


total = Total()
_board = _Board()
_running: list[subprocess.Popen] = []


def together(*steps: Callable[[], None]) -> None:
    """Run steps that don't depend on each other side by side; when some fail, the first failure is raised at the end.

    An interrupt ends the commands that they run.
    """
    failures: list[Exception] = []

    def guarded(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as failure:  # noqa: BLE001 - raised below, in the caller's thread
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(step,), daemon=True) for step in steps]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        for process in list(_running):
            process.terminate()
        raise
    if failures:
        raise failures[0]


def run(label: str, command: list, log: Path, env: dict, cwd: Path, detail: Callable[[str], str | None],
        count: Callable[[str], int] = lambda _: 0) -> None:
    """Run a long command with its output in a log file; show what `detail` makes of each line, and add up the bytes that
    `count` finds in it.

    Raises Failure with the log's telling lines when the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with Line(label) as line, open(log, "w", encoding="utf-8", errors="replace") as out:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        _running.append(process)
        try:
            assert process.stdout is not None
            for text in process.stdout:
                out.write(text)
                lines.append(text.rstrip())
                line.detail = detail(text.rstrip()) or line.detail
                line.bytes += count(text)
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            _running.remove(process)
            process.stdout.close()
            total.bytes += line.bytes
        if code != 0:
            raise Failure(f"{label} failed (exit code {code}); all of it is in {log}.\n" + _telling(lines))


def _telling(lines: list[str]) -> str:
    errors = [text for text in lines if "ERROR" in text or "error:" in text or "FAIL" in text]
    return "\n".join("    " + text for text in (errors or lines)[-15:])
