"""Row N10 and the pins of N8: who can reach the learner's JupyterLab, and where its token stands."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from here import ROOT
from tinylab import jupyter, paths, setup
from tinylab.browser.server import Server
from tinylab.console import Failure


class PinTest(unittest.TestCase):
    def test_no_version_with_a_known_hole(self):
        pins = dict(re.findall(r"^(\w+)==([\d.]+)", (ROOT / "requirements.txt").read_text(), re.M))
        for name, oldest in (("jupyterlab", (4, 5, 7)), ("jupyter_server", (2, 20))):
            self.assertGreaterEqual(tuple(map(int, pins[name].split("."))), oldest, name)


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class ServerTest(unittest.TestCase):
    slow = True

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tinyllm-server-")
        cls.addClassCleanup(folder.cleanup)
        notebooks = Path(folder.name) / "notebooks"
        notebooks.mkdir()
        for starter in paths.NOTEBOOKS.glob("[0-9]*.ipynb"):
            shutil.copyfile(starter, notebooks / starter.name)
        cls.server = Server(Path(folder.name))
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__)
        cls.port = int(cls.server.base.rsplit(":", 1)[1])
        cls.token = cls.server.token

    def status(self, path: str, **headers: str) -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status if answer.url.endswith(path) else 302
        except urllib.error.HTTPError as error:
            return error.code

    def test_nothing_without_the_token(self):
        self.assertGreaterEqual(len(self.token), 32)
        self.assertEqual(200, self.status("/api/contents", Authorization=f"token {self.token}"))
        for path in ("/api/contents", "/api/kernels", "/api/terminals", "/files/11-attention.ipynb"):
            self.assertIn(self.status(path), (302, 403), path)
            self.assertIn(self.status(path, Authorization=f"token {self.token[:-1]}"), (302, 403), path)

    def test_a_foreign_host_name_is_refused(self):
        """A page elsewhere whose name was made to mean this machine (DNS rebinding)."""
        self.assertEqual(403, self.status("/api/contents", Authorization=f"token {self.token}", Host="evil.example"))

    def test_only_this_machine_can_connect(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            pass
        others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        for address in {"127.0.0.2", *others} - {"127.0.0.1"}:
            with self.subTest(address), self.assertRaises(OSError):
                socket.create_connection((address, self.port), timeout=5).close()

    def test_the_token_is_in_no_log_and_no_setting(self):
        for place in (paths.home() / "logs", paths.home() / "jupyter" / "config", ROOT / "target"):
            for file in place.rglob("*"):
                if file.is_file() and file.suffix in (".log", ".json", ".txt", ".stamp"):
                    self.assertNotIn(self.token.encode(), file.read_bytes(), str(file))

    def test_the_files_with_the_token_are_the_users_alone(self):
        runtime = paths.home() / "jupyter" / "runtime"
        holding = [file for file in runtime.glob("jpserver-*") if self.token.encode() in file.read_bytes()]
        self.assertTrue(holding, "JupyterLab keeps its address for the next ./lab")
        for file in holding:
            open_to_others = [place for place in (file, file.parent) if place.stat().st_mode & 0o077]
            self.assertLess(len(open_to_others), 2, f"{file} and its folder are open to others")

    def test_a_port_that_is_taken(self):
        with self.assertRaisesRegex(Failure, rf"port {self.port} can't be used \(Address already in use\): choose another with --port"):
            jupyter._free_port(self.port)
        done = subprocess.run([ROOT / "lab", "--no-browser", "--port", str(self.port)], capture_output=True, text=True, timeout=120)
        self.assertEqual(1, done.returncode)
        self.assertIn("choose another with --port", done.stderr)


if __name__ == "__main__":
    unittest.main()
