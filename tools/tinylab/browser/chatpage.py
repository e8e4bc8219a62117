"""The server's own page in a real Chromium, by keyboard alone, on a tiny random model: a message goes out, text streams in."""

import json
import re
import signal
import subprocess

from .. import paths
from ..console import Failure
from .chrome import Chrome

MODEL = paths.ROOT / "lib" / "core" / "src" / "test" / "resources" / "checkpoints" / "qwen2-tied-bf16"
WAIT_MS = 20_000
ENDED = re.compile(r"Stopped\.|The model said:")
AT_LEAST_20 = re.compile(r"^\s*([2-9]\d|\d{3,})\s*$")


def visit() -> list[str]:
    process = subprocess.Popen(
        [paths.ROOT / "lab", "serve", "--model", str(MODEL), "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise Failure(f"the server did not start: exit code {process.wait(30)}")
        with Chrome() as chrome:
            problems = _chat(chrome.page(1000), json.loads(line)["url"])
            return problems + [f"the page asked for {url}" for url in chrome.foreign]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _chat(page, url: str) -> list[str]:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"a script failed: {error}"))
    page.goto(url, timeout=WAIT_MS)
    page.get_by_text(MODEL.name).wait_for(timeout=WAIT_MS)
    page.locator("#connection", has_text="serving").wait_for(timeout=WAIT_MS)
    page.get_by_label("Most tokens").fill("20")
    page.get_by_label("Your message").focus()
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    page.locator("#said", has_text="The model said:").wait_for(state="attached", timeout=WAIT_MS)
    messages = page.locator(".message p").all_inner_texts()
    if len(messages) != 2 or messages[0] != "hello" or not messages[1].strip():
        problems.append(f"after one message the page shows {messages}")
    # Not wait_for_function: what it asks again a moment later is an eval, which the page's own policy forbids.
    page.locator("#generated", has_text=AT_LEAST_20).wait_for(timeout=WAIT_MS)
    if page.evaluate("document.activeElement.id") != "prompt":
        problems.append("after the answer the keyboard is not in the message's field")
    problems += _begins_anew(page)
    page.get_by_label("Most tokens").fill("4096")
    page.get_by_label("Your message").fill("and more than fits")
    page.keyboard.press("Enter")
    page.locator(".failed", has_text="tokens").wait_for(timeout=WAIT_MS)
    problems += page.evaluate(UNNAMED)
    return problems


def _begins_anew(page) -> list[str]:
    """A new conversation, begun while an answer streams, holds nothing of the old one."""
    page.get_by_label("Most tokens").fill("80")
    page.get_by_label("Your message").fill("an old question")
    page.evaluate(CLEAR_AT_FIRST_WORD)
    page.keyboard.press("Enter")
    page.locator("#said", has_text=ENDED).wait_for(state="attached", timeout=WAIT_MS)
    page.locator("#clear").click()  # for an answer that was too short to be cut
    page.get_by_label("Your message").fill("a new question")
    with page.expect_request("**/v1/chat/completions") as sent:
        page.keyboard.press("Enter")
    messages = [message["content"] for message in sent.value.post_data_json["messages"]]
    page.locator("#said", has_text="The model said:").wait_for(state="attached", timeout=WAIT_MS)
    return [] if messages == ["a new question"] else [f"a new conversation was sent with {messages}"]


# Quicker than a test outside of the page could be: the tiny model needs a few milliseconds for its whole answer.
CLEAR_AT_FIRST_WORD = """() => {
    const messages = document.getElementById('messages');
    const seen = new MutationObserver(() => {
        const last = [...messages.querySelectorAll('.message p')].at(-1);
        if (messages.lastChild?.textContent.startsWith('Model') && last.textContent) {
            seen.disconnect();
            document.getElementById('clear').click();
        }
    });
    seen.observe(messages, {childList: true, subtree: true, characterData: true});
}"""

# What a screen reader would call nothing.
UNNAMED = """() => [...document.querySelectorAll('button, input, textarea, table, section, [role]')]
    .filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.labels?.length || e.textContent.trim()))
    .map(e => `an element without a name: ${e.outerHTML.slice(0, 80)}`)"""
