"""One `./lab serve` of a tiny random model for all tests of clients, and the clients that pip brings for them."""

import atexit
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from here import ROOT
from tinylab import paths, stamps

LAB = ROOT / "lab"
KEY = "a-key-for-these-tests"
RESOURCES = ROOT / "lib" / "core" / "src" / "test" / "resources"
REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"
# Two at once, four that wait: the tests can fill it. The cache holds what a model of 4,096 positions may ask for.
OPTIONS = ("--max-running", "2", "--max-queue", "4", "--max-body", "300000", "--cache-tokens", "12288", "--threads", "1")


@functools.cache
def clients() -> None:
    """Install the pinned clients into a folder of their own, once for each version, and make them importable."""
    folder = paths.home() / "peers" / "clients"
    stamp = folder / "installed.stamp"
    wanted = stamps.digest(REQUIREMENTS, sys.version)
    if not stamps.is_current(stamp, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "-r", REQUIREMENTS]
        subprocess.run(command, check=True, env=paths.child_environment(), stdout=subprocess.DEVNULL)
        stamps.write(stamp, wanted)
    sys.path.insert(0, str(folder))


@functools.cache
def server() -> str:
    """The address of the server, started by whoever asks first and ended with this process."""
    folder = Path(tempfile.mkdtemp(prefix="tinyllm-clients-"))
    model = _model(folder / "tiny")
    (folder / "key").write_text(KEY + "\n")
    command = [LAB, "serve", "--json", "--port", "0", "--model", model, "--api-key-file", folder / "key", *OPTIONS]
    log = open(folder / "log", "w")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True, start_new_session=True)
    atexit.register(_end, process, folder)
    said = process.stdout.readline()
    if '"url"' not in said:
        raise AssertionError(f"no server: {said}{(folder / 'log').read_text()[-2000:]}")
    return json.loads(said)["url"]


def _end(process: subprocess.Popen, folder: Path) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    shutil.rmtree(folder, ignore_errors=True)


def _model(folder: Path) -> Path:
    """A random model with Qwen's chat template, which knows tools, and a long context."""
    shutil.copytree(RESOURCES / "checkpoints" / "mlx-q4-g64", folder)
    template = (RESOURCES / "tinyllm" / "text" / "templates" / "qwen2.5-coder.jinja").read_text()
    for name, field, value in (("config.json", "max_position_embeddings", 4096), ("tokenizer_config.json", "chat_template", template)):
        file = folder / name
        file.write_text(json.dumps({**json.loads(file.read_text()), field: value}))
    return folder


def ask(path: str, body: dict | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of a plain request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server() + path, data=data, headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), _lower(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), _lower(error.headers)


def _lower(headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def metric(name: str) -> float:
    """A number that the server counts."""
    lines = [line for line in ask("/metrics")[1].splitlines() if line.startswith(name + " ")]
    return float(lines[0].split()[1])


def events(text: str) -> list[dict]:
    """The chunks of a stream, which has to end as OpenAI's do."""
    data = [frame.removeprefix("data: ") for frame in text.split("\n\n") if frame.startswith("data: ")]
    assert data[-1] == "[DONE]", text[-300:]
    return [json.loads(one) for one in data[:-1]]
