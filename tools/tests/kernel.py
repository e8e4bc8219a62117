"""A real kernel, spoken to as JupyterLab does: cells, interrupts, crashes and restarts under one connection file."""

import os
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tinylab import paths


@dataclass
class Cell:
    """What a cell showed, and how it ended: ok, error, or dead when the kernel did not live to tell."""

    status: str = "dead"
    text: str = ""
    seconds: float = 0
    outputs: list = field(default_factory=list)


class Kernel:
    """`with Kernel() as kernel:`; the learner's folder is a temporary one."""

    def __init__(self, **env: str):
        self.folder = tempfile.TemporaryDirectory(prefix="tinyllm-kernel-")
        self.mine = Path(self.folder.name)
        self.env = {**os.environ, **paths.child_environment(), "TINYLLM_NOTEBOOKS": str(self.mine), **env}

    def __enter__(self) -> "Kernel":
        from jupyter_client.manager import KernelManager

        os.environ.update({name: value for name, value in self.env.items() if name.startswith("JUPYTER_")})
        self.manager = KernelManager(kernel_name="tinyllm-java")
        spec = self.manager.kernel_spec  # its variables would win over ours
        spec.env.update({name: self.env[name] for name in spec.env if name != "JJAVA_CLASSPATH" and name in self.env})
        with open(self.mine / "kernel.log", "w") as log:
            self.manager.start_kernel(env=self.env, cwd=str(self.mine), stdout=log, stderr=log)
        self._connect()
        return self

    def _connect(self) -> None:
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def __exit__(self, *_) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.folder.cleanup()

    def restart(self) -> None:
        """As JupyterLab does when a kernel died, or when the menu's Restart is chosen and it does not go by itself."""
        self.client.stop_channels()
        with open(self.mine / "kernel.log", "a") as log:
            self.manager.restart_kernel(now=True, stdout=log, stderr=log)
        self._connect()

    @property
    def pid(self) -> int:
        return self.manager.provisioner.pid

    def resident(self) -> int:
        """Bytes of the kernel's resident set."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def run(self, code: str, seconds: float = 60) -> Cell:
        return self.finish(self.client.execute(code), seconds)

    def start(self, code: str) -> str:
        return self.client.execute(code)

    def interrupted(self, code: str, after: float) -> Cell:
        """Run a cell and interrupt it so many seconds after it has really begun; the cell's seconds count from there."""
        request = self.client.execute('System.out.println("begun");\n' + code)
        begun = self.finish(request, 60, until="begun")
        if "begun" not in begun.text:
            raise AssertionError(f"the cell did not begin: {begun}")
        time.sleep(after)
        self.manager.interrupt_kernel()
        return self.finish(request)

    def finish(self, request: str, seconds: float = 60, until: str | None = None) -> Cell:
        """Collect what a cell shows until it is done, or until it has shown this text."""
        from queue import Empty

        cell, begun = Cell(), time.monotonic()
        while time.monotonic() < begun + seconds:
            try:
                message = self.client.get_iopub_msg(timeout=0.5)
            except Empty:
                if not self.manager.is_alive():
                    break
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                cell.status = "ok" if cell.status == "dead" else cell.status
                break
            if message["msg_type"] == "error":
                cell.status = "error"
            cell.text += _text(message["msg_type"], content)
            cell.outputs.append(message)
            if until is not None and until in cell.text:
                break
        cell.seconds = time.monotonic() - begun
        return cell


def _text(kind: str, content: dict) -> str:
    if kind == "stream":
        return content["text"]
    if kind == "error":
        return "\n".join([content["ename"], content["evalue"], *content["traceback"]]) + "\n"
    return str(content.get("data", {}).get("text/plain", "")) + "\n" if "data" in content else ""
