"""A notebook from somewhere, and a model that writes HTML: nothing of it may run in JupyterLab (rows N8 and N9).

The notebook's first cells hold stored outputs that nobody here has made, so JupyterLab does not trust them and cleans them. The
cells after them are run here, and are trusted for that: what they show is text of a model or a learner, which the library's
own renderers have to escape.
"""

import json
import os
from pathlib import Path

from ..console import Failure
from .notebook import OPEN_MS, RUN_MS, Notebook

NAME = "99-hostile"
# Each sets window.pwned if it is run.
STORED = (
    "<script>window.pwned='script'</script>",
    "<img src='/none.png' onerror=\"window.pwned='onerror'\">",
    "<a href=\"javascript:window.pwned='link'\">read more</a>",
    "<svg onload=\"window.pwned='svg'\"></svg>",
    "<iframe srcdoc=\"<script>parent.pwned='frame'</script>\"></iframe>",
    '<button data-commandlinker-command="notebook:run-all-cells" data-commandlinker-args="{}">Go on</button>',
    "<style>body { display: none }</style>",
)
# What a model may write, as a Java string literal.
TEXT = r'''"</script></pre><img src='/none.png' onerror=\"window.pwned='text'\"> \u202Edlrow <script>window.pwned='live'</script>"'''
LIVE = (
    f"String text = {TEXT};",
    "show(text);",
    "Tables.of(text, Map.of(text, List.of(text)))",
    "Charts.heatmap(text, Tensor.eye(3))",
    "try (Live live = new Live()) { live.progress(text, 1, 2); }",
    "class Mine implements SoftmaxFn { public Tensor softmax(Tensor s) { System.out.println(text);"
    " throw new IllegalStateException(text); } }",
    'check("1.1 softmax", Mine::new);',
    "predict(text, 3, text);",
    "System.out.println(text);",
    "throw new IllegalStateException(text);",
)
CHANGED = """() => ({
    pwned: window.pwned || '',
    scripts: document.querySelectorAll('.jp-OutputArea script').length,
    handlers: document.querySelectorAll('.jp-OutputArea [onerror], .jp-OutputArea [onload]').length,
    links: document.querySelectorAll('.jp-OutputArea a[href^="javascript"]').length,
    frames: document.querySelectorAll('.jp-OutputArea iframe').length,
    commands: document.querySelectorAll('.jp-OutputArea [data-commandlinker-command]').length,
    overrides: (document.querySelector('.jp-Notebook')?.textContent ?? '').split('\\u202E').length - 1,
})"""


def write(folder: Path) -> None:
    """Put the notebook where the learner's copies are; its large output is 50 MB in the long test."""
    large = "a line of output\n" * ((50 if os.environ.get("TINYLLM_LONG") == "1" else 5) * 1_000_000 // 17)
    cells = [_cell(number, "", {"output_type": "display_data", "metadata": {}, "data": {"text/html": html, "text/plain": "?"}})
             for number, html in enumerate(STORED)]
    cells.append(_cell(len(cells), "", {"output_type": "stream", "name": "stdout", "text": large}))
    cells += [_cell(len(cells) + number, source) for number, source in enumerate(LIVE)]
    kernel = {"display_name": "Tiny LLM (Java)", "language": "java", "name": "tinyllm-java"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def _cell(number: int, source: str, *outputs: dict) -> dict:
    return {"cell_type": "code", "id": f"hostile-{number}", "metadata": {}, "source": source, "execution_count": None,
            "outputs": list(outputs)}


def visit(chrome, server) -> None:
    """Look, click what asks to be clicked, run everything, look again."""
    page = chrome.page(1280)
    try:
        Notebook(page).open(server.address(f"{NAME}.ipynb", NAME))
        _look(page)
    finally:
        page.close()
        server.stop_kernels()


def _look(page) -> None:
    page.locator(".jp-OutputArea-output", has_text="a line of output").first.wait_for(state="attached", timeout=OPEN_MS)
    for name in ("read more", "Go on"):
        target = page.get_by_text(name, exact=True)
        if target.count():
            target.first.evaluate("element => element.click()")
    _unharmed(page, "stored outputs")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.locator(".jp-OutputArea-output", has_text="IllegalStateException").last.wait_for(state="attached", timeout=RUN_MS)
    table = page.locator(".jp-OutputArea-output", has_text="1.1 softmax: crashed").first
    table.wait_for(state="attached", timeout=RUN_MS)
    _unharmed(page, "outputs of cells that were run")


def _unharmed(page, where: str) -> None:
    found = page.evaluate(CHANGED)
    # A stack trace is a stream of text, in which JupyterLab leaves every character as it is.
    overrides = found.pop("overrides")
    harm = {name: value for name, value in found.items() if value}
    if harm:
        raise Failure(f"{where} of a hostile notebook reach the page: {harm}")
    if where == "stored outputs" and overrides:
        raise Failure(f"{where} turn the text around in {overrides} places")
