"""One notebook, or one page of Markdown, becomes the body of a page, by nbconvert with a small template of our own."""

from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from .formulas import mathml

TEMPLATES = Path(__file__).resolve().parent
# The richest form first; nbconvert's own list knows no GIF.
PICTURES = {"image/png", "image/gif", "image/jpeg"}
FORMS = ["text/html", "image/gif", "image/png", "image/jpeg", "text/markdown", "text/plain"]


class _Renderer(IPythonRenderer):
    def block_math(self, body: str) -> str:
        return mathml(body, block=True) + "\n"

    def inline_math(self, body: str) -> str:
        return mathml(body, block=False)


def markdown(source: str) -> str:
    # escape=False: the texts are ours, and fold their answers with <details>.
    return MarkdownWithMath(renderer=_Renderer(escape=False, anchor_link_text="#")).render(source)


def notebook(place: Path, folder: str) -> tuple[str, dict[str, bytes]]:
    """The cells and their stored outputs, and the pictures by the names under which the page looks for them; nothing is executed."""
    exporter = HTMLExporter(
        template_name="template", extra_template_basedirs=[str(TEMPLATES)],
        preprocessors=["nbconvert.preprocessors.ExtractOutputPreprocessor"],
        config=Config({"NbConvertBase": {"display_data_priority": FORMS},
                       "ExtractOutputPreprocessor": {"extract_output_types": PICTURES}}))
    exporter.register_filter("markdown2html", markdown)
    names = {"unique_key": place.stem, "output_files_dir": folder}
    body, resources = exporter.from_notebook_node(nbformat.read(place, as_version=4), names)
    return body, resources["outputs"]
