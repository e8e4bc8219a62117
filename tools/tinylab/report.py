"""What a person may paste into a public issue: nothing that says whose machine it is."""

import getpass
import os
import platform
import re
import socket
from pathlib import Path

from . import paths

SHORTEST_NAME = 3


def redacted(text: str) -> str:
    """The text without folders of the home, the user's and the machine's name."""
    folders = {str(paths.ROOT): "CLONE", str(paths.home()): "TINYLLM_HOME", str(Path.home()): "~"}
    for folder in sorted(folders, key=len, reverse=True):
        text = text.replace(folder, folders[folder])
    text = re.sub(r"(?:/home|/Users)/[^/\s:;,)]+", "~", text)
    for name, word in ((socket.gethostname(), "HOST"), (_user(), "USER")):
        if len(name) >= SHORTEST_NAME and name != "localhost":
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", word, text)
    return text


def of_lacks(lacks: list[str]) -> str:
    """The Markdown of a machine on which the set-up can't begin."""
    lines = ["### Tiny LLM Lab, `./lab doctor --report`", "", "The set-up can't begin:", ""]
    lines += [f"- **missing**: {lack}" for lack in lacks]
    lines += ["", f"- system: {platform.system()} {platform.release()} {platform.machine()}",
              f"- Python: {platform.python_version()}", f"- cores: {os.cpu_count()}"]
    return redacted("\n".join(lines))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
