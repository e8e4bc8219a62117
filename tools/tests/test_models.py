"""Steps side by side, what they download, and the small model's bytes before there is any Java."""

import http.server
import json
import os
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import here  # noqa: F401
from tinylab import console, models, setup
from tinylab.console import Failure

CONTENT = bytes(range(256)) * 8_000


class TogetherTest(unittest.TestCase):
    def step(self, seconds: float, code: int = 0):
        def run() -> None:
            with tempfile.TemporaryDirectory() as folder:
                console.run("a step", ["bash", "-c", f"echo 'Downloading x.whl (1.5 MB)'; sleep {seconds}; exit {code}"],
                            Path(folder) / "log", dict(os.environ), Path(folder), lambda line: line, setup.pip_bytes)
        return run

    def test_side_by_side(self):
        begun, before = time.monotonic(), console.total.bytes
        console.together(self.step(1.0), self.step(1.0), self.step(1.0))
        self.assertLess(time.monotonic() - begun, 2.9)
        self.assertEqual(4_500_000, console.total.bytes - before)

    def test_a_failure_waits_for_the_others(self):
        begun = time.monotonic()
        with self.assertRaisesRegex(Failure, r"a step failed \(exit code 3\)"):
            console.together(self.step(0, 3), self.step(0.5))
        self.assertGreater(time.monotonic() - begun, 0.5)

    def test_bytes(self):
        for line, count in (
                ("  Downloading mlx_cpu-0.32.4-py3-none-manylinux_2_35_x86_64.whl (10.1 MB)", 10_100_000),
                ("Downloading certifi-2026.1.1-py3-none-any.whl.metadata (2.5 kB)", 2_500),
                ("     [exec] Downloading jjava-1.0a8-py3-none-any.whl (6.4 MB)", 6_400_000),
                ("[INFO] Downloaded from central: https://repo/a/b.jar (1.2 MB at 3.4 MB/s)", 1_200_000),
                ("Using cached x.whl (10.1 MB)", 0),
                ("Downloading from central: https://repo/a/b.jar", 0)):
            self.assertEqual(count, setup.maven_bytes(line), line)


class PrefetchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.asked = asked = []
        registry = {"bytes": len(CONTENT), "repo": "org/m", "file": "m.gguf", "name": models.SMALL}

        class Hub(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, self.headers.get("Range")))
                begin = int(self.headers["Range"][6:-1])
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
                self.end_headers()
                self.wfile.write(CONTENT[begin:])

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.hub = f"http://127.0.0.1:{server.server_port}"
        for patch in (mock.patch.dict(os.environ, {"TINYLLM_HOME": str(self.home), "HF_HOME": str(self.home / "hf"), "TINYLLM_MODEL": ""}),
                      mock.patch.object(models, "entry", lambda name: (self.hub, registry))):
            patch.start()
            self.addCleanup(patch.stop)
        self.part = self.home / "models" / models.SMALL / "m.gguf.part"

    def test_from_the_start_and_never_twice(self):
        models.prefetch()
        models.prefetch()
        self.assertEqual(CONTENT, self.part.read_bytes())
        self.assertEqual([("/org/m/resolve/main/m.gguf", "bytes=0-")], self.asked)
        self.assertFalse(self.part.with_suffix("").exists(), "only the fetch gives the name, when it has checked the bytes")

    def test_goes_on(self):
        self.part.parent.mkdir(parents=True)
        self.part.write_bytes(CONTENT[:1000])
        models.prefetch()
        self.assertEqual(CONTENT, self.part.read_bytes())
        self.assertEqual("bytes=1000-", self.asked[0][1])

    def test_what_is_here_is_left_alone(self):
        whole = self.part.with_suffix("")
        whole.parent.mkdir(parents=True)
        whole.write_bytes(CONTENT)
        models.prefetch()
        self.assertEqual([], self.asked)

    def test_a_model_in_the_hubs_own_cache_counts(self):
        cached = self.home / "hf/hub/models--org--m/snapshots/abc/m.gguf"
        cached.parent.mkdir(parents=True)
        cached.write_bytes(CONTENT)
        self.assertTrue(models.is_here(models.SMALL))
        cached.write_bytes(CONTENT[1:])
        self.assertFalse(models.is_here(models.SMALL))


class RegistryTest(unittest.TestCase):
    def test_the_small_model_is_one_file_with_a_checksum(self):
        _, model = models.entry(models.SMALL)
        self.assertEqual(64, len(model["sha256"]))
        self.assertIn(models.SMALL, json.dumps(model))


if __name__ == "__main__":
    unittest.main()
