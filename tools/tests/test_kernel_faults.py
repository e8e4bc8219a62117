"""Rows N1, N2, N3 and N5: what a learner's kernel may live through, in the real one."""

import http.server
import json
import os
import re
import shutil
import tempfile
import threading
import time
import unittest
from pathlib import Path

from here import ROOT
from kernel import Kernel
from tinylab import paths, setup

WITHIN = 2.0  # seconds from an interrupt to the end of its cell: one, and room for a busy machine
LONG = os.environ.get("TINYLLM_LONG") == "1"
CRASH = "java.lang.foreign.MemorySegment.ofAddress(16).reinterpret(64).set(java.lang.foreign.ValueLayout.JAVA_INT, 0, 1);"
TINY = ROOT / "lib/core/src/test/resources/checkpoints/qwen3-gguf/model.gguf"
SOFTMAX = "class Mine implements SoftmaxFn { public Tensor softmax(Tensor s) { %s } }"
RIGHT = "Tensor e = s.sub(s.maxKeep(-1)).exp(); return e.div(e.sumKeep(-1));"
# One operation of MLX that takes some ten seconds: it can't be cut short.
SLOW = "var big = Tensor.ones(DType.F32, 3000, 3000); var y = big; for (int i = 0; i < %d; i++) y = y.matmul(big); y.eval();"


def solved(chapter: str) -> list[str]:
    notebook = json.loads(next(paths.SOLVED.glob(f"{chapter}-*.ipynb")).read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class CrashTest(unittest.TestCase):
    """N1 and N2: a kernel that dies and is started again."""

    slow = True

    def test_a_native_crash_is_told_and_the_state_comes_back(self):
        cells = solved("11")[: 40 if LONG else 6]
        with Kernel(TINYLLM_QUICK="1", TINYLLM_PRELOAD="1" if LONG else "0") as kernel:
            kernel.run(SOFTMAX % RIGHT)
            self.assertIn("correct", kernel.run('check("1.1 softmax", Mine::new);').text)
            crashed = kernel.pid
            self.assertEqual("dead", kernel.run(CRASH).status)
            begun = time.monotonic()
            kernel.restart()
            first = kernel.run("Thread.sleep(300);")
            self.assertIn("crashed in native code (SIGSEGV in ", first.text)
            self.assertIn("Run All Above Selected Cell", first.text)
            report = paths.home() / "logs" / f"hs_err_pid{crashed}.log"
            self.assertIn(str(report), first.text)
            report.unlink()
            for cell in cells:
                self.assertNotEqual("dead", kernel.run(cell, 120).status, cell)
            self.assertLess(time.monotonic() - begun, 60)
            self.assertIn("1 attempt", kernel.run("progress();").text)
            self.assertEqual("", kernel.run("Thread.sleep(300);").text, "told once")
            self.assertEqual([], list(kernel.mine.glob("hs_err*")) + list(kernel.mine.glob("core*")))

    def test_a_kernel_that_ends_properly_leaves_no_tale(self):
        with Kernel(TINYLLM_PRELOAD="0") as kernel:
            marker = paths.home() / "kernels" / (Path(kernel.manager.connection_file).name + ".running")
            self.assertEqual(str(kernel.pid), marker.read_text().strip())
            kernel.client.shutdown()
            until = time.monotonic() + 20
            while kernel.manager.is_alive() and time.monotonic() < until:
                time.sleep(0.1)
            self.assertFalse(marker.exists())

    def test_a_restart_in_a_download_leaves_no_orphan_and_goes_on(self):
        with SlowHub() as hub, tempfile.TemporaryDirectory() as home, \
                Kernel(TINYLLM_PRELOAD="0", TINYLLM_HOME=home, HF_ENDPOINT=hub.address) as kernel:
            kernel.start('tinyllm.weights.ModelFiles.fetch("smollm2-135m", (file, done, total) -> {});')
            part = Path(home) / "models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf.part"
            wait(lambda: part.exists() and part.stat().st_size > 1_000_000)
            pid = kernel.pid
            kernel.restart()
            self.assertEqual([], processes_of(pid))
            kept = part.stat().st_size
            kernel.start('tinyllm.weights.ModelFiles.fetch("smollm2-135m", (file, done, total) -> {});')
            wait(lambda: len(hub.ranges) == 2)
            self.assertEqual([None, f"bytes={kept}-"], hub.ranges)


def wait(condition, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"this did not happen within {seconds} s")
        time.sleep(0.05)


def processes_of(parent: int) -> list[str]:
    """Processes that this one was, or that it started and that outlive it."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if parent in (int(stat.parent.name), int(fields[1]), int(fields[2])) and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


class SlowHub:
    """A hub that has one endless file and sends a megabyte of it in a second."""

    def __enter__(self) -> "SlowHub":
        ranges: list = []

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked = self.headers.get("Range")
                ranges.append(asked)
                begin = int(re.sub(r"\D", "", asked)) if asked else 0
                size = 98_000_000
                model = json.loads((ROOT / "lib/core/src/main/resources/tinyllm/models.json").read_text())
                for entry in model["models"]:
                    size = entry["bytes"] if entry["name"] == "smollm2-135m" else size
                self.send_response(206 if asked else 200)
                if asked:
                    self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
                self.send_header("Content-Length", str(size - begin))
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(bytes(100_000))
                        time.sleep(0.02)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.ranges = ranges
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class InterruptTest(unittest.TestCase):
    """N3, in one kernel."""

    slow = True

    @classmethod
    def setUpClass(cls):
        cls.kernel = Kernel(TINYLLM_PRELOAD="0").__enter__()
        cls.addClassCleanup(cls.kernel.__exit__)

    def interrupted(self, code: str, after: float):
        cell = self.kernel.interrupted(code, after)
        self.assertLess(cell.seconds, WITHIN, cell.text)
        after = self.kernel.run("Tensor.arange(3).sum().item()")
        self.assertEqual("3.0", after.text.strip().splitlines()[-1])
        cell.text += after.text
        return cell

    def test_in_generate(self):
        self.kernel.run(f'var tiny = Models.load("{TINY}");')
        cell = self.interrupted(
            'for (int i = 0; ; i++) { new Generator(tiny).complete(new int[] {1, 2}, SamplingParams.GREEDY, 40, t -> {}); }', 2)
        self.assertEqual("error", cell.status)
        self.assertIn("interrupted", cell.text.lower())

    def test_in_a_check(self):
        self.kernel.run(SOFTMAX % "while (true) { s = s.add(0).eval(); }")
        self.interrupted('check("1.1 softmax", Mine::new);', 1.5)

    def test_in_a_loop_over_tensors_the_thread_ends_too(self):
        self.interrupted("var x = Tensor.ones(DType.F32, 64, 64); while (true) { x = x.mul(1).eval(); }", 1.5)
        time.sleep(0.5)
        threads = 'Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith("jjava-exec-")%s).count()'
        self.assertNotEqual("0", self.kernel.run(threads % "").text.strip(), "so are the cells' threads called")
        self.assertEqual("0", self.kernel.run(threads % " && t.isInterrupted()").text.strip())

    def test_in_a_long_native_call_the_next_cell_says_that_it_waits(self):
        self.assertLess(self.kernel.interrupted(SLOW % (40 if LONG else 20), 1.5).seconds, WITHIN)
        after = self.kernel.run("Tensor.arange(3).sum().item()", 120)
        self.assertEqual("3.0", after.text.strip().splitlines()[-1])
        if after.seconds > 2:
            self.assertRegex(after.text, r"waits, \d+ s so far, until the device is free: \w+ of \[3000, 3000\]")
        else:
            self.fail(f"the native call took {after.seconds:.1f} s only: make it larger")

    def test_in_a_loop_that_never_ends(self):
        cell = self.interrupted("while (true) { }", 1)
        said, until = cell.text, time.monotonic() + 20
        while "its thread still uses a core" not in said and time.monotonic() < until:
            said += self.kernel.run("Thread.sleep(1000);").text
        self.assertIn("its thread still uses a core", said)
        self.assertIn("restart the kernel", said)

    def test_a_check_of_a_loop_that_never_ends_gives_up(self):
        self.kernel.run(SOFTMAX % "while (true) { }")
        cell = self.kernel.run('check("1.1 softmax", Mine::new);', 60)
        self.assertIn("still uses a core: restart the kernel", cell.text)
        self.kernel.restart()


def held(kernel: Kernel) -> int:
    """Bytes in memory once the collector has been and the C library gave back what is free: a heap that waits for it is no growth."""
    kernel.run("System.gc();")
    time.sleep(8)
    return kernel.resident()


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class RerunTest(unittest.TestCase):
    """N5: cells run again, out of order, with a record redefined; memory does not grow."""

    slow = True

    def test_five_times_over(self):
        names = ("11", "16") if LONG else ("11",)
        for name in names:
            cells = solved(name) if LONG else solved(name)[:12]
            with self.subTest(name), Kernel(TINYLLM_QUICK="1") as kernel:
                for cell in cells:
                    self.assertNotEqual("dead", kernel.run(cell, 120).status, cell)
                first = held(kernel)
                for times in range(5):
                    for cell in cells if times % 2 else reversed(cells):
                        self.assertNotEqual("dead", kernel.run(cell, 120).status, cell)
                self.assertLess(held(kernel), 1.2 * first)

    def test_a_record_redefined(self):
        with Kernel(TINYLLM_PRELOAD="0") as kernel:
            kernel.run("record Point(int x) {}")
            kernel.run("var point = new Point(3);")
            self.assertEqual("3", kernel.run("point.x()").text.strip())
            self.assertEqual("ok", kernel.run("record Point(int x, int y) {}").status)
            self.assertEqual("7", kernel.run("new Point(3, 4).x() + new Point(3, 4).y()").text.strip())
            kernel.run(SOFTMAX % "return s;")
            self.assertIn("incorrect", kernel.run('check("1.1 softmax", Mine::new);').text)
            kernel.run(SOFTMAX % RIGHT)
            self.assertIn("✔ 1.1 softmax: correct", kernel.run('check("1.1 softmax", Mine::new);').text)


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class EditAgainTest(unittest.TestCase):
    """An edit of a class always counts, whatever hangs on it."""

    slow = True

    def test_a_class_with_a_subclass_redefined_again_and_again(self):
        with Kernel(TINYLLM_PRELOAD="0") as kernel:
            kernel.run('class Base { String text() { return "v0"; } }')
            kernel.run("class Sub extends Base { }")
            for i in range(1, 7):
                kernel.run(f'class Base {{ String text() {{ return "v{i}"; }} }}')
                self.assertEqual(f"v{i}v{i}", kernel.run("new Base().text() + new Sub().text()").text.strip())

    def test_a_check_sees_every_edit_of_an_answer_that_has_a_subclass(self):
        with Kernel(TINYLLM_PRELOAD="0") as kernel:
            kernel.run(SOFTMAX % RIGHT)
            kernel.run("class Louder extends Mine { }")
            for _ in range(3):
                for body, verdict in ("return s;", "incorrect"), (RIGHT, "✔ 1.1 softmax: correct"):
                    kernel.run(SOFTMAX % body)
                    self.assertIn(verdict, kernel.run('check("1.1 softmax", Louder::new);').text)


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class FirstModelTest(unittest.TestCase):
    """While the course's model is not here, the small one answers; the other takes over."""

    slow = True

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tinyllm-first-")
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.course = paths.home() / "models/qwen2.5-coder-0.5b/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
        small = paths.home() / "models/smollm2-135m"
        if not small.is_dir():
            self.skipTest("the model smollm2-135m is not here")
        (self.home / "models").mkdir()
        (self.home / "models" / "smollm2-135m").symlink_to(small)

    def kernel(self, hub: str) -> Kernel:
        # An index that nobody serves: the packages are no way out here.
        return Kernel(TINYLLM_HOME=str(self.home), HF_ENDPOINT=hub, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0")

    def test_a_hub_that_is_not_there(self):
        with self.kernel("http://127.0.0.1:9") as kernel:
            said = kernel.run("model().config().numHiddenLayers()", 120).text
            self.assertEqual("30", said.strip().splitlines()[-1])
            wait_for = time.monotonic() + 60
            while "goes on answering, because" not in said and time.monotonic() < wait_for:
                time.sleep(1)
                said += kernel.run("model().config().numHiddenLayers()").text
            self.assertIn("smollm2-135m goes on answering, because qwen2.5-coder-0.5b could not be had", said)

    @unittest.skipUnless(LONG, "copies 491 MB: with --long")
    def test_the_course_model_takes_over(self):
        if not self.course.exists():
            self.skipTest("the model qwen2.5-coder-0.5b is not here")
        with FileHub(self.course) as hub, self.kernel(hub.address) as kernel:
            first = kernel.run("model().config().numHiddenLayers()", 120).text
            self.assertIn("smollm2-135m answers until qwen2.5-coder-0.5b is here", first)
            self.assertEqual("30", first.strip().splitlines()[-1])
            hub.gate.set()
            said, until = "", time.monotonic() + 180
            while "answers from now on" not in said and time.monotonic() < until:
                time.sleep(2)
                said = kernel.run("model().config().numHiddenLayers()").text
            self.assertIn("qwen2.5-coder-0.5b is here and answers from now on", said)
            self.assertEqual("24", said.strip().splitlines()[-1])


class FileHub:
    """A hub that has one file, and sends it when its gate is open."""

    def __init__(self, file: Path):
        self.file = file
        self.gate = threading.Event()

    def __enter__(self) -> "FileHub":
        hub = self

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                hub.gate.wait()
                self.send_response(200)
                self.send_header("Content-Length", str(hub.file.stat().st_size))
                self.end_headers()
                with open(hub.file, "rb") as content:
                    shutil.copyfileobj(content, self.wfile, 1 << 20)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    unittest.main()
