"""Real JupyterLab in a real Chromium: chapters open from `./lab`, an exercise is typed in, its check is run, a film is seen.

It works on copies of the starters in a temporary folder, with settings of its own, so that it touches neither a learner's work nor
their theme. Pictures are kept in target/screenshots/; a request that would leave this machine fails the test.
"""

import tempfile
from pathlib import Path

from .. import copies
from ..results import Tally
from . import chatpage, hostile, visits
from .chrome import FLAGS, Chrome, executable
from .server import Server

__all__ = ["FLAGS", "check", "executable"]  # the book is looked at with the same browser


def check(long: bool = False) -> Tally:
    """Each chapter in one combination of theme and width; with `long` in all four."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="tinyllm-browser-") as folder:
        chosen = [visit for visit in visits.of(long) if copies.has(visit.chapter)]
        with tally.test("browser: JupyterLab starts from ./lab") as problems:
            visits.make_copies(Path(folder), chosen)
            hostile.write(Path(folder) / "notebooks" / "my")
            with Server(Path(folder)) as server, Chrome() as chrome:
                for visit in chosen:
                    with tally.test(f"browser: {visit.name}") as found:
                        found += visits.pay(visit, chrome, server)
                with tally.test("browser: a hostile notebook"):
                    hostile.visit(chrome, server)
                problems += [f"the browser asked for {url}" for url in chrome.foreign]
    with tally.test("browser: the server's page") as problems:
        problems += chatpage.visit()
    return tally
