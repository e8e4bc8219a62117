"""Where things are: the clone, the one folder outside it, the Python environment."""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The browser test works on copies in a folder of its own, so that it never touches a learner's work.
NOTEBOOKS = Path(os.environ.get("TINYLLM_NOTEBOOKS_ROOT") or ROOT / "notebooks").resolve()
MY = NOTEBOOKS / "my"
SOLVED = NOTEBOOKS / "solved"
SOURCES = NOTEBOOKS / "src"
TARGET = ROOT / "target"


def home() -> Path:
    """The one folder that the lab writes outside the clone (TINYLLM_HOME)."""
    named = os.environ.get("TINYLLM_HOME")
    return Path(named).expanduser().resolve() if named else Path.home() / ".cache" / "tinyllm"


def environment() -> Path:
    """The Python environment that holds JupyterLab: the active one, else .venv in the clone."""
    active = os.environ.get("TINYLLM_ACTIVE_ENV")
    return Path(active) if active else ROOT / ".venv"


def python() -> Path:
    return environment() / "bin" / "python"


def child_environment() -> dict[str, str]:
    """The environment for everything that the lab starts: caches and settings stay in TINYLLM_HOME."""
    env = dict(os.environ)
    base = home()
    env["TINYLLM_HOME"] = str(base)
    env["TINYLLM_ROOT"] = str(ROOT)
    env["TINYLLM_NOTEBOOKS"] = str(MY)
    for kind in ("data", "config", "runtime"):
        env[f"JUPYTER_{kind.upper()}_DIR"] = str(base / "jupyter" / kind)
    env["IPYTHONDIR"] = str(base / "ipython")
    env["JUPYTER_PLATFORM_DIRS"] = "1"
    env["DJL_CACHE_DIR"] = str(base / "djl")
    env["RUST_FLAVOR"] = "cpu"
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    if not re.search("utf-?8", env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or "", re.I):
        # Java reads its arguments in the locale's encoding: prompts are not always ASCII.
        env["LC_ALL"] = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    return env
