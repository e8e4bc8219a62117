"""The machine's own Chromium, which may talk to this machine alone."""

import os
import re
import shutil

from .. import paths
from ..results import Skipped

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
LOCAL = re.compile(r"(?:http|ws)://127\.0\.0\.1[:/]|data:|blob:")
HEIGHT = 900


def executable() -> str:
    for name in (os.environ.get("TINYLLM_CHROMIUM"), *NAMES, MAC):
        place = shutil.which(name) if name else None
        if place:
            return place
    raise Skipped("no Chromium was found (Debian: sudo apt install chromium)")


class Chrome:
    """A browser whose pages record, and refuse, every request that is not for this machine."""

    def __init__(self):
        self.foreign: list[str] = []
        self.local = 0

    def __enter__(self) -> "Chrome":
        place = executable()
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        try:
            home = paths.home() / "chromium"  # it writes settings there, even with a profile of its own
            home.mkdir(parents=True, exist_ok=True)
            env = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
            self._browser = self._playwright.chromium.launch(
                executable_path=place, args=list(FLAGS), env={**env, "HOME": str(home)})
        except BaseException:
            self._playwright.stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._browser.close()
        self._playwright.stop()

    def page(self, width: int):
        page = self._browser.new_page(viewport={"width": width, "height": HEIGHT}, device_scale_factor=2)
        page.route("**/*", self._guard)
        page.on("websocket", lambda socket: self._count(socket.url))
        return page

    def _guard(self, route) -> None:
        if self._count(route.request.url):
            route.continue_()
        else:
            route.abort()

    def _count(self, url: str) -> bool:
        if LOCAL.match(url):
            self.local += 1
            return True
        self.foreign.append(url)
        return False
