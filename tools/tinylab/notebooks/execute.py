"""Run a notebook's cells in the real kernel, as JupyterLab would, in a folder that is nobody's work."""

import contextlib
import os
import re
import signal
import tempfile
import time

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from .. import paths
from . import source

CELL_LIMIT_S = 300
GREEN = re.compile(r"^\s*(?:✓|✔)?\s*{id}\b.*\bcorrect\b", re.M)


_running: list[NotebookClient] = []


class Broken(Exception):
    """The kernel died or a cell took too long."""


def execute(notebook: NotebookNode, quick: bool, on_cell=lambda index: None, kernel: str = source.KERNEL["name"],
            threads: int = 0) -> float:
    """Fill in the outputs, and return the seconds that it took, the start of the kernel (a kernelspec's name) included.

    `threads` is for a kernel that computes beside others; 0 leaves it what it takes alone.

    An exception in a cell does not end the run: JupyterLab sends all cells at once, and the next ones still run.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tinyllm-notebook-") as folder:
        env = {**os.environ, **paths.child_environment(), "TINYLLM_NOTEBOOKS": folder}
        env.pop("TINYLLM_QUICK", None)
        if quick:
            env["TINYLLM_QUICK"] = "1"
        if threads:
            env["TINYLLM_THREADS"] = str(threads)
        client = NotebookClient(
            notebook, kernel_name=kernel, startup_timeout=120, timeout=CELL_LIMIT_S,
            allow_errors=True, record_timing=False, resources={"metadata": {"path": folder}},
            on_cell_start=lambda cell, cell_index: on_cell(cell_index))
        _running.append(client)
        try:
            client.execute(env=env)
        except DeadKernelError:
            raise Broken("the kernel died") from None
        except TimeoutError:
            raise Broken(f"a cell took more than {CELL_LIMIT_S} s") from None
        finally:
            _running.remove(client)
    notebook.metadata["kernelspec"] = dict(source.KERNEL)
    notebook.metadata["language_info"] = dict(source.LANGUAGE)
    return time.monotonic() - begun


def stop_all() -> None:
    """End the kernels that run now, from another thread; their runs end as if the kernel had died."""
    for client in list(_running):
        provisioner = getattr(client.km, "provisioner", None)
        if provisioner is not None and provisioner.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(provisioner.pid, signal.SIGKILL)


def text_of(cell: NotebookNode) -> str:
    """All that a cell showed, as plain text."""
    parts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            parts.append(output.text)
        elif output.output_type == "error":
            parts.append("\n".join([output.ename, output.evalue, *output.traceback]))
        else:
            parts.append(output.get("data", {}).get("text/plain", ""))
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(parts))
