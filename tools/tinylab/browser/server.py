"""`./lab --no-browser` on a free port, on a folder of its own, stopped with all that it started."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from .. import paths
from ..console import Failure

START_S = 90
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


class Server:
    def __init__(self, folder: Path):
        self.notebooks = folder / "notebooks"
        self.settings = folder / "settings"
        self.workspaces = folder / "workspaces"
        self.log = folder / "jupyter.log"
        self.base = ""
        self.token = ""

    def __enter__(self) -> "Server":
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            port = trial.getsockname()[1]
        env = {**os.environ, "TINYLLM_NOTEBOOKS_ROOT": str(self.notebooks), "TINYLLM_QUICK": "1",
               "JUPYTERLAB_SETTINGS_DIR": str(self.settings), "JUPYTERLAB_WORKSPACES_DIR": str(self.workspaces)}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [paths.ROOT / "lab", "--no-browser", "--port", str(port)],
                env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"(http://127\.0\.0\.1:\d+)/lab\S*\?token=(\w+)", self.log.read_text())
            if found:
                self.base, self.token = found.groups()
                return
            time.sleep(0.5)
        last = self.log.read_text().strip().splitlines()[-3:]
        raise Failure(f"JupyterLab did not start in {START_S} s: {' | '.join(last)}")

    def address(self, notebook: str, workspace: str) -> str:
        """A notebook in a workspace of its own, so that no other one comes back as a tab."""
        return f"{self.base}/lab/workspaces/{workspace}/tree/my/{notebook}?token={self.token}"

    def use_theme(self, theme: str) -> None:
        """What the menu Settings would write; read when a page opens."""
        place = self.settings / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"theme": THEMES[theme]}))

    def stop_kernels(self) -> None:
        """A model in each of four kernels would not fit a small machine."""
        for kernel in self._api("GET", "/api/kernels"):
            self._api("DELETE", f"/api/kernels/{kernel['id']}")

    def _api(self, method: str, path: str):
        request = urllib.request.Request(self.base + path, method=method, headers={"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def __exit__(self, *_) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sign)
                self.process.wait(timeout=15)
                return
            except subprocess.TimeoutExpired:
                continue
            except ProcessLookupError:
                return
