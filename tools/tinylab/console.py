"""What a person sees while they wait: one line per step, on standard error."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Callable


class Failure(Exception):
    """Something that ends the command with one sentence and exit code 1."""


class WrongUsage(Exception):
    """A command line that makes no sense: exit code 2."""


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


class Line:
    """One step's line: redrawn in place on a terminal, else printed now and then."""

    def __init__(self, label: str):
        self.label = label
        self.detail = ""
        self.start = time.monotonic()
        self.terminal = sys.stderr.isatty()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Line":
        if not self.terminal:
            say(f"{self.label} …")
        self._thread.start()
        return self

    def __exit__(self, kind, *_) -> None:
        self._stop.set()
        self._thread.join()
        mark = "done" if kind is None else "stopped" if kind is KeyboardInterrupt else "failed"
        if self.terminal:
            sys.stderr.write("\r\033[K")
        say(f"{self.label}: {mark} ({self.seconds():.0f} s)")

    def seconds(self) -> float:
        return time.monotonic() - self.start

    def _run(self) -> None:
        while not self._stop.wait(0.5 if self.terminal else 15):
            text = f"lab: {self.label} … {self.seconds():.0f} s  {self.detail}"
            if self.terminal:
                sys.stderr.write("\r\033[K" + text[: os.get_terminal_size(2).columns - 1])
            else:
                sys.stderr.write(text + "\n")
            sys.stderr.flush()


def run(label: str, command: list, log: Path, env: dict, cwd: Path, detail: Callable[[str], str | None]) -> None:
    """Run a long command with its output in a log file, and show what `detail` makes of each line.

    Raises Failure with the log's telling lines when the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with Line(label) as line, open(log, "w", encoding="utf-8", errors="replace") as out:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        try:
            assert process.stdout is not None
            for text in process.stdout:
                out.write(text)
                lines.append(text.rstrip())
                line.detail = detail(text.rstrip()) or line.detail
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if code != 0:
            raise Failure(f"{label} failed (exit code {code}); all of it is in {log}.\n" + _telling(lines))


def _telling(lines: list[str]) -> str:
    errors = [text for text in lines if "ERROR" in text or "error:" in text or "FAIL" in text]
    return "\n".join("    " + text for text in (errors or lines)[-15:])
