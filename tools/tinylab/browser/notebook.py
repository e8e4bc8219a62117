"""A notebook on a page of JupyterLab, driven as a person does: click into a cell, type, press Ctrl+Enter, look."""

from ..console import Failure

OPEN_MS = 90_000
RUN_MS = 180_000

# The WCAG contrast of a text with the first opaque background behind it.
CONTRAST = """
node => {
  const parse = color => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const c = [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  };
  let behind = [255, 255, 255];
  for (let at = node; at; at = at.parentElement) {
    const c = parse(getComputedStyle(at).backgroundColor);
    if (c.length >= 3 && (c.length < 4 || c[3] > 0.5)) { behind = c; break; }
  }
  const a = light(parse(getComputedStyle(node).color)), b = light(behind);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
"""


class Notebook:
    def __init__(self, page):
        self.page = page

    def open(self, address: str) -> None:
        """Open the notebook and wait for the kernel's first message: what runs earlier makes JupyterLab ask for a kernel."""
        with self.page.expect_websocket(lambda socket: "/channels" in socket.url, timeout=OPEN_MS) as kernel:
            self.page.goto(address, timeout=OPEN_MS)
        kernel.value.wait_for_event("framereceived", timeout=OPEN_MS)
        self.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell", timeout=OPEN_MS)
        self.page.wait_for_timeout(800)

    def cell(self, index: int):
        """A cell, code or text, by its place in the notebook."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index)

    def type(self, index: int, source: str) -> None:
        """Write over a cell's source."""
        self._into(index)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def run(self, index: int) -> None:
        """Run a cell and wait until its star has become a number."""
        self._into(index)
        self.page.keyboard.press("Control+Enter")
        prompt = self.cell(index).locator(".jp-InputPrompt").first
        self.page.wait_for_function(
            "node => /\\[\\d+\\]/.test(node.textContent)", arg=prompt.element_handle(), timeout=RUN_MS)
        error = self.cell(index).locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type*='error']")
        if error.count():
            raise Failure(f"cell {index + 1} failed: {(error.first.text_content() or '').strip()[:200]}")

    def output(self, index: int):
        return self.cell(index).locator(".jp-Cell-outputArea")

    def image(self, index: int, kind: str):
        """The first picture of a cell that is really drawn; kind is png or gif."""
        found = self.output(index).locator(f"img[src^='data:image/{kind}']").first
        found.wait_for(state="attached", timeout=RUN_MS)
        found.scroll_into_view_if_needed()
        drawn = found.evaluate("image => image.decode().then(() => image.naturalWidth)")
        if drawn < 100:
            raise Failure(f"the picture of cell {index + 1} is {drawn} pixels wide: it was not drawn")
        return found

    def unreadable(self, index: int, least: float = 3.0) -> list[str]:
        """Sentences about texts of a cell's output whose contrast is too weak, or that stand outside of the output."""
        problems = []
        output = self.output(index)
        for text in output.locator("td, th, p, strong, span, summary").all():
            words = (text.text_content() or "").strip()
            contrast = text.evaluate(CONTRAST) if words else least
            if contrast < least:
                problems.append(f'cell {index + 1}: "{words[:40]}" has a contrast of {contrast:.1f}, at least {least} is legible')
        room = output.bounding_box()
        for image in output.locator("img").all():
            box = image.bounding_box()
            if room and box and box["x"] + box["width"] > room["x"] + room["width"] + 1:
                problems.append(f"cell {index + 1}: a picture is {box['width']:.0f} pixels wide and cut off at {room['width']:.0f}")
        return problems

    def look(self, index: int, place) -> None:
        """A screenshot with the cell's output in sight."""
        self.output(index).scroll_into_view_if_needed()
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=place)

    def _into(self, index: int) -> None:
        cell = self.cell(index)
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").first.click()
