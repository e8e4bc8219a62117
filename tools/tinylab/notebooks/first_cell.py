"""`./lab notebooks first-cell`: how long a learner waits for a chapter's first cell, once the kernel is there."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

from jupyter_client.manager import KernelManager

from .. import models, paths
from ..console import Failure, Line
from . import source

START_S = 120
CELL_S = 300
# What is asked of a chapter's first cell, in seconds: a line of progress, and the picture by the model.
LINE_S = 2.0
PICTURE_S = {"qwen2.5-coder-0.5b": 20.0, models.SMALL: 8.0}


@dataclass(frozen=True)
class Wait:
    """Seconds from the cell's start: to the first thing on the screen, to what the chapter is about, to the cell's end."""

    line: float
    picture: float
    end: float
    shown: str

    def misses(self, model: str) -> str:
        late = [f"its line after {LINE_S:.0f} s"] if self.line > LINE_S else []
        limit = PICTURE_S.get(model)
        late += [f"its {self.shown} after {limit:.0f} s"] if limit and self.picture > limit else []
        return ", ".join(late)


def main(chapters: list[Path], model: str) -> int:
    """Print a table: each chapter in a kernel of its own, its first cell alone, with the model that the kernel loads meanwhile."""
    names = (model,) if model else tuple(PICTURE_S)
    rows, failed = [], 0
    for path in chapters:
        for name in names:
            with Line(f"the first cell of {path.stem} with {name}"):
                try:
                    wait = measure(source.read(path), name)
                except Failure as failure:
                    failed += 1
                    print(f"FAILED {path.stem} with {name}: {failure}", flush=True)
                    continue
            rows.append((path.stem, name, wait))
    print(f"{'chapter':32} {'model':20} {'line':>6} {'picture':>8} {'end':>6}  (seconds, kernel start apart)")
    for chapter, name, wait in rows:
        note = wait.misses(name) or ("" if wait.shown == "picture" else f"a {wait.shown}")
        print(f"{chapter:32} {name:20} {wait.line:6.1f} {wait.picture:8.1f} {wait.end:6.1f}  {note}".rstrip())
    for name in names:
        mine = [wait for _, other, wait in rows if other == name]
        if mine:
            print(f"{name}: at most {max(w.line for w in mine):.1f} s to the line, {max(w.picture for w in mine):.1f} s to the picture;"
                  f" {sum(bool(w.misses(name)) for w in mine)} of {len(mine)} chapters miss")
    return 1 if failed else 0


def measure(chapter: source.Chapter, model: str) -> Wait:
    """The starter's first cell of code, in full mode, as the first thing that a new kernel is asked."""
    first = next(cell.source for cell in chapter.starter.cells if cell.cell_type == "code")
    with tempfile.TemporaryDirectory(prefix="tinyllm-first-cell-") as folder:
        env = {**os.environ, **paths.child_environment(), "TINYLLM_NOTEBOOKS": folder, "TINYLLM_MODEL": model}
        env.pop("TINYLLM_QUICK", None)
        manager = KernelManager(kernel_name=source.KERNEL["name"])
        with open(Path(folder) / "kernel.log", "w", encoding="utf-8") as log:
            manager.start_kernel(env=env, cwd=folder, stdout=log, stderr=log)
            client = manager.client()
            try:
                client.start_channels()
                client.wait_for_ready(timeout=START_S)
                return _watch(client, manager, first)
            finally:
                client.stop_channels()
                manager.shutdown_kernel(now=True)


def _watch(client, manager, code: str) -> Wait:
    begun = time.monotonic()
    request = client.execute(code)
    line, picture, shown = 0.0, 0.0, ""
    while (now := time.monotonic() - begun) < CELL_S:
        try:
            message = client.get_iopub_msg(timeout=1)
        except Empty:
            if not manager.is_alive():
                raise Failure("the kernel died") from None
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        now = time.monotonic() - begun
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            raise Failure(f"the cell failed: {content['ename']}: {content['evalue']}")
        if kind in ("stream", "display_data", "update_display_data", "execute_result"):
            line = line or now
            drawn = any(form.startswith("image/") for form in content.get("data", {}))
            # A chapter may begin with a table: then the last thing shown is what it is about.
            if shown != "picture":
                picture, shown = now, "picture" if drawn else "table"
        if kind == "status" and content["execution_state"] == "idle":
            return Wait(line, picture, now, shown)
    raise Failure(f"the cell took more than {CELL_S} s")
