"""JupyterLab on the chapters: on this machine's loopback alone, with a token, and without calls to the network."""

import json
import os
import socket
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from . import copies, kernels, paths, setup, stamps
from .console import Failure, WrongUsage, say

FIRST_PORT = 8888
DISABLED = {
    "jupyterlab-jupytext": True,
    "@jupyterlab/lsp-extension": True,
    "@jupyterlab/fileeditor-extension:language-server": True,
    "@jupyterlab/notebook-extension:language-server": True,
    "@jupyterlab/extensionmanager-extension": True,
}


@dataclass(frozen=True)
class Options:
    browser: bool = True
    port: int | None = None
    fresh: bool = False
    names: tuple[str, ...] = ()
    kernel: str = kernels.DEFAULT


def parse(arguments: list[str], chapter: bool) -> Options:
    browser, port, fresh, names, kernel = True, None, False, [], kernels.DEFAULT
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        key, equals, value = argument.partition("=")
        if argument == "--no-browser":
            browser = False
        elif key == "--port":
            port = _port(value if equals else rest.pop(0) if rest else "")
        elif key == "--kernel":
            kernel = value if equals else rest.pop(0) if rest else ""
            kernels.form(kernel)
        elif chapter and argument == "--fresh":
            fresh = True
        elif chapter and not argument.startswith("-"):
            names.append(argument)
        else:
            raise WrongUsage(f'"{argument}" is not an option here; --help shows what is.')
    return Options(browser, port, fresh, tuple(names), kernel)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise WrongUsage(f'--port takes a number from 1 to 65535, not "{text}".')
    return int(text)


def open_lab(arguments: list[str]) -> int:
    options = parse(arguments, chapter=False)
    setup.ensure(model=True)
    made = copies.copy_all()
    return _open(options, made[0] if made else None)


def open_chapter(arguments: list[str]) -> int:
    options = parse(arguments, chapter=True)
    if len(options.names) != 1:
        raise WrongUsage("./lab chapter takes one chapter, such as 11 or 1.1.")
    name = copies.name_of(options.names[0])
    setup.ensure(model=True)
    mine = copies.copy(name, options.fresh)
    for other in copies.chapters():
        if other != name:
            copies.copy(other)  # a chapter's last cell offers the next one
    return _open(options, mine)


def _open(options: Options, notebook: Path | None) -> int:
    page = "/lab/tree/" + quote(str(notebook.relative_to(paths.NOTEBOOKS))) if notebook else "/lab"
    jdk = setup.machine.find_jdk()
    kernel = kernels.install(options.kernel, jdk)
    running = _running_server(kernel) if options.port is None else None
    if running:
        address = f"{running['url'].rstrip('/')}{page}?token={running['token']}"
        say(f"JupyterLab is already open on this folder: {address}")
        if options.browser:
            webbrowser.open(address)
        return 0
    port = _free_port(options.port)
    write_settings(kernel)
    command = [
        str(paths.python()), "-m", "jupyterlab", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={paths.NOTEBOOKS}", f"--LabApp.default_url={page}",
        f"--ServerApp.open_browser={options.browser}"]
    sys.stdout.flush()
    os.chdir(paths.NOTEBOOKS)
    env = setup.java_environment(jdk)
    env["PYTHONPATH"] = str(paths.ROOT / "tools")  # for the hook before each save
    os.execve(command[0], command, env)
    return 1


def write_settings(kernel: str = kernels.FORMS[kernels.DEFAULT].spec) -> None:
    """Settings that hold for every start: what the server may do, and what a notebook's output may not.

    The server knows the one kernel that was asked for: a notebook that names the other then opens with this one.
    """
    config = paths.home() / "jupyter" / "config"
    # Jupyter leaves a page with the token there that everybody on this machine may read.
    runtime = paths.home() / "jupyter" / "runtime"
    runtime.mkdir(parents=True, exist_ok=True)
    runtime.chmod(0o700)
    server = {
        "ServerApp": {
            "ip": "127.0.0.1",
            "allow_remote_access": False,
            "allow_root": True,
            # Language servers call npm, which writes to the home folder; jupytext would open src/ as notebooks.
            "jpserver_extensions": {"jupyter_lsp": False, "jupyterlab_jupytext": False},
        },
        "KernelSpecManager": {"allowed_kernelspecs": [kernel], "ensure_native_kernel": False},
        "LabApp": {
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "news_url": None,
            "extension_manager": "readonly",
        },
        "MappingKernelManager": {"default_kernel_name": kernel},
        "ContentsManager": {"pre_save_hook": "tinylab.saving.only_mine"},
    }
    overrides = {
        "@jupyterlab/apputils-extension:sanitizer": {"allowCommandLinker": False},
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    }
    for place, values in (
        (config / "jupyter_server_config.json", server),
        (config / "labconfig" / "default_setting_overrides.json", overrides),
        (config / "labconfig" / "page_config.json", {"disabledExtensions": DISABLED}),
    ):
        text = json.dumps(values, indent=1) + "\n"
        if not stamps.is_current(place, text):
            stamps.write(place, text)


def _free_port(wanted: int | None) -> int:
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + 50):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
                return port
            except OSError as problem:
                if wanted:
                    raise Failure(f"port {wanted} can't be used ({problem.strerror}): choose another with --port.") from None
    raise Failure(f"no port from {FIRST_PORT} to {FIRST_PORT + 49} is free: choose one with --port.")


def _running_server(kernel: str) -> dict | None:
    """The server that a former ./lab left open on this clone, if it still answers and offers this kernel."""
    runtime = paths.home() / "jupyter" / "runtime"
    for file in sorted(runtime.glob("jpserver-*.json")):
        try:
            server = json.loads(file.read_text())
            os.kill(server["pid"], 0)
            with socket.create_connection(("127.0.0.1", server["port"]), timeout=1):
                pass
        except (OSError, ValueError, KeyError):
            continue
        if Path(server.get("root_dir", "")) == paths.NOTEBOOKS and kernel in _kernels_of(server):
            return server
    return None


def _kernels_of(server: dict) -> set[str]:
    request = Request(f"{server['url'].rstrip('/')}/api/kernelspecs", headers={"Authorization": f"token {server['token']}"})
    try:
        with urlopen(request, timeout=5) as reply:
            return set(json.load(reply)["kernelspecs"])
    except (OSError, ValueError, KeyError):
        return set()
