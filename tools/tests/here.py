"""Makes the tools importable for the tests beside this file."""

import os
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1]
ROOT = TOOLS.parent
FIXTURES = Path(__file__).resolve().parent / "fixtures"
os.environ.setdefault("TINYLLM_ACTIVE_ENV", "")
if str(TOOLS) not in sys.path:
    sys.path.insert(0, str(TOOLS))
