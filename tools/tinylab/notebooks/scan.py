"""What must never stand in a committed notebook: a server's token, somebody's home folder, a machine's name."""

import getpass
import json
import re
import socket
from pathlib import Path

TOKEN = re.compile(r"token=[0-9a-f]{16,}|\btoken['\"]?\s*[:=]\s*['\"][0-9a-f]{32,}|\bgh[pousr]_\w{20,}|\bhf_\w{20,}")
HOMES = re.compile(r"(?<![\w.])/(?:home|Users)/(?!you\b|me\b|name\b|runner\b)[\w.-]+|(?<![\w.])/root/[\w.-]+")


def secrets(text: str) -> list[str]:
    """What of this kind stands in the text; pictures are left out by the caller."""
    found = [f'a token ("{match.group()[:12]}…")' for match in TOKEN.finditer(text)]
    found += [f'a home folder ("{match.group()}")' for match in HOMES.finditer(text)]
    home = str(Path.home())
    if len(home) > 2 and home not in ("/root",) and home in text:
        found.append(f'this home folder ("{home}")')
    for host in {socket.gethostname(), socket.getfqdn()}:
        if len(host) > 3 and host not in ("localhost", "debian", "ubuntu") and re.search(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", text):
            found.append(f'this machine\'s name ("{host}")')
    user = getpass.getuser()
    if user not in ("root", "runner", "user") and len(user) > 3 and re.search(rf"(?<![\w]){re.escape(user)}@", text):
        found.append(f'a user\'s name ("{user}")')
    return sorted(set(found))


def notebook(path: Path) -> list[str]:
    stored = json.loads(path.read_text(encoding="utf-8"))
    found = []
    for number, cell in enumerate(stored["cells"], 1):
        for output in cell.get("outputs", []):
            data = {kind: value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")}
            text = json.dumps([data, output.get("text"), output.get("traceback"), output.get("evalue")], ensure_ascii=False)
            found += [f"{path.name}, cell {number}: its output holds {what}" for what in secrets(text)]
    return found
