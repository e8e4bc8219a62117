"""Real JupyterLab in a real Chromium: chapter 1.1 opens, runs, and shows its check table and its attention map.

It works on copies of the starters in a temporary folder, so that it never touches a learner's work. In the copy of
chapter 1.1 the first exercise is solved, as by a learner who has come that far; the others are stubs. Chromium may
reach this machine alone; a request to anywhere else fails the test. Pictures are kept in target/screenshots/.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import copies, paths
from .console import Failure
from .results import Skipped, Tally

CHAPTER = "11"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
START_S = 90
RUN_S = 240


def chromium() -> str:
    for name in (os.environ.get("TINYLLM_CHROMIUM"), *NAMES, MAC):
        place = shutil.which(name) if name else None
        if place:
            return place
    raise Skipped("no Chromium was found (Debian: sudo apt install chromium)")


def check() -> Tally:
    tally = Tally()
    with tally.test(f"browser: chapter {CHAPTER} in JupyterLab") as problems:
        problems += _chapter(chromium())
    return tally


def _chapter(executable: str) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="tinyllm-browser-") as folder:
        notebooks = Path(folder) / "notebooks"
        notebooks.mkdir()
        for starter in paths.NOTEBOOKS.glob("[0-9]*.ipynb"):
            shutil.copyfile(starter, notebooks / starter.name)
        solve_first(copies.name_of(CHAPTER), notebooks / "my")
        with Server(notebooks, Path(folder)) as server:
            return _visit(executable, server.address)


def solve_first(name: str, mine: Path) -> None:
    """Make the learner's copy of a chapter, with the first exercise's cell as it stands in the solved notebook."""
    copy = json.loads((paths.NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    solved = json.loads((paths.SOLVED / f"{name}.ipynb").read_text(encoding="utf-8"))
    first = next(cell for cell in copy["cells"] if "exercise" in cell["metadata"])
    first["source"] = next(cell["source"] for cell in solved["cells"] if cell["id"] == first["id"])
    mine.mkdir()
    (mine / f"{name}.ipynb").write_text(json.dumps(copy), encoding="utf-8")


class Server:
    """`./lab chapter 11 --no-browser` on a free port, stopped with all that it started."""

    def __init__(self, notebooks: Path, folder: Path):
        self.notebooks = notebooks
        self.log = folder / "jupyter.log"
        self.address = ""

    def __enter__(self) -> "Server":
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            port = trial.getsockname()[1]
        env = {**os.environ, "TINYLLM_NOTEBOOKS_ROOT": str(self.notebooks), "TINYLLM_QUICK": "1"}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [paths.ROOT / "lab", "chapter", CHAPTER, "--no-browser", "--port", str(port)],
                env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self.address = self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self) -> str:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", self.log.read_text())
            if found:
                return found.group()
            time.sleep(0.5)
        last = self.log.read_text().strip().splitlines()[-3:]
        raise Failure(f"JupyterLab did not start in {START_S} s: {' | '.join(last)}")

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


def _visit(executable: str, address: str) -> list[str]:
    from playwright.sync_api import sync_playwright

    shots = paths.TARGET / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    foreign: list[str] = []
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        page = chrome.new_page(viewport={"width": 1400, "height": 1000}, device_scale_factor=2)

        def guard(route):
            local = re.match(r"(?:http|ws)://127\.0\.0\.1[:/]|data:|blob:", route.request.url)
            if local:
                route.continue_()
            else:
                foreign.append(route.request.url)
                route.abort()

        page.route("**/*", guard)
        try:
            _open(page, address, shots)
            _run_cells(page, shots)
        except Exception as problem:  # noqa: BLE001 - the picture of the failure is kept
            problems.append(str(problem).strip().splitlines()[0])
            page.screenshot(path=shots / "failed.png")
        chrome.close()
    problems += [f"the page asked for {url}" for url in sorted(set(foreign))]
    return problems


def _open(page, address: str, shots: Path) -> None:
    """Open the notebook and wait for the kernel's first message: what runs earlier makes JupyterLab ask for a kernel."""
    with page.expect_websocket(lambda socket: "/channels" in socket.url, timeout=START_S * 1000) as kernel:
        page.goto(address, timeout=START_S * 1000)
    kernel.value.wait_for_event("framereceived", timeout=START_S * 1000)
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell", timeout=START_S * 1000)
    page.wait_for_timeout(1000)
    page.screenshot(path=shots / "opened.png")


def _run_cells(page, shots: Path) -> None:
    """Run all cells, then wait for the check table and for a picture that is really drawn."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    table = page.locator(".jp-OutputArea-output table", has_text="Verdict").first
    table.wait_for(state="attached", timeout=RUN_S * 1000)
    table.scroll_into_view_if_needed()
    # JupyterLab keeps cells out of sight unrendered: text_content() reads them all the same.
    text = table.text_content() or ""
    if "correct" not in text or "incorrect" in text:
        raise Failure(f"the first check is not green: {text[:200]}")
    picture = page.locator(".jp-OutputArea-output img").first
    picture.wait_for(state="attached", timeout=RUN_S * 1000)
    drawn = picture.evaluate("image => image.decode().then(() => image.naturalWidth)")
    if drawn < 100:
        raise Failure(f"the picture is {drawn} pixels wide: the attention map was not drawn")
    picture.scroll_into_view_if_needed()
    page.screenshot(path=shots / "attention-map.png")
    table.scroll_into_view_if_needed()
    page.screenshot(path=shots / "check-table.png")
    page.get_by_text("not solved yet").first.wait_for(state="attached", timeout=RUN_S * 1000)
