"""A small picture of each chapter for the README, cut from its executed notebook's outputs."""

import base64
import io
from pathlib import Path

import nbformat

from .. import paths
from ..console import Failure

FOLDER = paths.ROOT / "docs" / "thumbs"
WIDTH = 360  # shown at half of that
HEIGHT = 240
COLORS = 96
TAG = "thumbnail"


def make(name: str) -> Path:
    """Write docs/thumbs/NAME.png from the picture that a cell tagged "thumbnail" shows, else from the chapter's first picture."""
    from PIL import Image

    picture = Image.open(io.BytesIO(_picture(name))).convert("RGB")
    # From the top, where a picture has its title: as wide as the thumbnail, and cut at its height.
    scale = WIDTH / picture.width
    small = picture.resize((WIDTH, max(1, round(picture.height * scale))), Image.Resampling.LANCZOS)
    card = Image.new("RGB", (WIDTH, min(HEIGHT, small.height)), "white")
    card.paste(small, (0, 0))
    out = io.BytesIO()
    card.quantize(COLORS).save(out, "PNG", optimize=True)
    place = FOLDER / f"{name}.png"
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists() or place.read_bytes() != out.getvalue():
        place.write_bytes(out.getvalue())
    return place


def _picture(name: str) -> bytes:
    solved = nbformat.read(paths.SOLVED / f"{name}.ipynb", as_version=4)
    cells = sorted(solved.cells, key=lambda cell: TAG not in cell.metadata.get("tags", []))
    for cell in cells:
        for output in cell.get("outputs", []):
            png = output.get("data", {}).get("image/png")
            if png:
                return base64.b64decode(png)
    raise Failure(f"{name} shows no picture: a chapter's executed notebook needs at least one PNG for its thumbnail")
