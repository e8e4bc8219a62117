"""Requests as OpenClaw's vLLM provider and curl send them: shapes that no client library checks for us."""

import json
import shutil
import subprocess
import unittest

import here  # noqa: F401
import serving
from tinylab import setup

# A tool as TypeBox writes it: words that only annotate, unions of constants, no strict mode.
EXEC = {"type": "function", "function": {"name": "exec", "description": "Run a shell command.", "strict": False, "parameters": {
    "type": "object", "required": ["command"], "properties": {
        "command": {"type": "string", "description": "The command", "minLength": 1},
        "host": {"anyOf": [{"type": "string", "const": "sandbox"}, {"type": "string", "const": "gateway"}], "default": "sandbox"},
        "env": {"type": "object", "patternProperties": {"^(.*)$": {"type": "string"}}},
        "timeout": {"type": "number", "title": "Seconds", "examples": [30]}}}}}


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class OpenClawTest(unittest.TestCase):
    slow = True

    def stream(self, messages: list[dict], **fields) -> list[dict]:
        body = {"model": "tiny", "messages": messages, "stream": True, "stream_options": {"include_usage": True}, "store": False,
                "max_completion_tokens": 48, "temperature": 0.6, **fields}
        status, text, headers = serving.ask("/v1/chat/completions", body, **{"X-Stainless-Lang": "js", "Accept": "application/json"})
        self.assertEqual(200, status, text)
        self.assertEqual("text/event-stream", headers["content-type"].partition(";")[0])
        return serving.events(text)

    def test_discovery(self):
        status, text, _ = serving.ask("/v1/models")
        self.assertEqual(200, status)
        model = json.loads(text)["data"][0]
        self.assertEqual("tiny", model["id"])
        self.assertEqual(4096, model["max_model_len"], "the context window, under vLLM's name")
        self.assertEqual(401, serving.ask("/v1/models", Authorization="Bearer wrong")[0])

    def test_a_turn_with_tools(self):
        system = {"role": "system", "content": "You are a personal assistant.\n\n## Tooling\n- exec: run shell commands"}
        user = {"role": "user", "content": [{"type": "text", "text": "[Sun 12:00] What is in this folder?"}]}
        chunks = self.stream([system, user], tools=[EXEC], tool_choice="auto")
        usage = chunks[-1]["usage"]
        self.assertEqual(usage["prompt_tokens"] + usage["completion_tokens"], usage["total_tokens"])
        self.assertGreater(usage["prompt_tokens"], 50, "the tools are in the prompt")
        self.assertIn(chunks[-2]["choices"][0]["finish_reason"], ("stop", "length", "tool_calls"))

    def test_a_turn_after_a_call(self):
        call = {"id": "call_1", "type": "function", "function": {"name": "exec", "arguments": '{"command":"ls"}'}}
        history = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "List"},
                   {"role": "assistant", "content": "", "tool_calls": [call]},
                   {"role": "tool", "tool_call_id": "call_1", "name": "exec", "content": [{"type": "text", "text": "a.txt"}]},
                   {"role": "assistant", "content": [{"type": "text", "text": "One file."}]}, {"role": "user", "content": "Thanks"}]
        self.assertEqual([], self.stream(history, tools=[])[-1]["choices"])
        self.assertEqual([], self.stream(history, tools=[EXEC], parallel_tool_calls=True, user="session-1")[-1]["choices"])

    def test_a_call_comes_in_pieces(self):
        chunks = self.stream([{"role": "user", "content": "ls"}], tools=[serving_tool()], tool_choice="required", max_completion_tokens=200, seed=4)
        deltas = [call for chunk in chunks if chunk["choices"] for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
        self.assertEqual("look", deltas[0]["function"]["name"])
        self.assertTrue(deltas[0]["id"])
        first = [delta for delta in deltas if delta["index"] == 0]
        self.assertIn("path", json.loads("".join(delta["function"]["arguments"] for delta in first)))
        self.assertEqual("tool_calls", chunks[-2]["choices"][0]["finish_reason"])


def serving_tool() -> dict:
    parameters = {"type": "object", "properties": {"path": {"type": "string", "maxLength": 8}}, "required": ["path"], "additionalProperties": False}
    return {"type": "function", "function": {"name": "look", "description": "Look", "parameters": parameters}}


@unittest.skipUnless(setup.built() and shutil.which("curl"), "./lab has not built the library yet, or there is no curl")
class CurlTest(unittest.TestCase):
    slow = True

    def curl(self, path: str, *more: str, key: str = serving.KEY) -> subprocess.CompletedProcess:
        command = ["curl", "--silent", "--show-error", "--max-time", "60", "-H", f"Authorization: Bearer {key}", *more, serving.server() + path]
        return subprocess.run(command, capture_output=True, text=True, timeout=90)

    def test_streams(self):
        body = {"model": "tiny", "prompt": "the sky", "max_tokens": 8, "stream": True, "temperature": 0}
        done = self.curl("/v1/completions", "--no-buffer", "--json", json.dumps(body))
        text = "".join(event["choices"][0]["text"] for event in serving.events(done.stdout))
        body["stream"] = False
        self.assertEqual(json.loads(self.curl("/v1/completions", "--json", json.dumps(body)).stdout)["choices"][0]["text"], text)

    def test_its_own_ways_of_sending(self):
        body = json.dumps({"model": "tiny", "prompt": "x", "max_tokens": 2})
        for way in (["-H", "Expect: 100-continue"], ["--http1.0"], ["--http2"], ["-H", "Transfer-Encoding: chunked"], ["--compressed"]):
            with self.subTest(way):
                done = self.curl("/v1/completions", *way, "-H", "Content-Type: application/json", "--data", body, "--write-out", "\n%{http_code}")
                self.assertEqual("200", done.stdout.rsplit("\n", 1)[1], done.stdout + done.stderr)

    def test_what_is_refused(self):
        for path, more, status in (("/v1/models", ["--request", "DELETE"], 405), ("/v1/../etc/passwd", ["--path-as-is"], 404),
                                   ("/v1/completions", ["--data", "{}"], 415), ("/v1/completions", ["--json", "{"], 400)):
            with self.subTest(path, status=status):
                done = self.curl(path, *more, "--write-out", "\n%{http_code}")
                said, code = done.stdout.rsplit("\n", 1)
                self.assertEqual(str(status), code, said)
                self.assertTrue(json.loads(said)["error"]["message"])
        self.assertEqual(22, self.curl("/v1/models", "--fail", key="wrong").returncode)


if __name__ == "__main__":
    unittest.main()
