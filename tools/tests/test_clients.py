"""The `openai` package for Python talks to `./lab serve` without changes: all of what it offers that the server has, and how errors arrive."""

import asyncio
import json
import math
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import here  # noqa: F401
import serving
from tinylab import setup

WEATHER = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 9}, "days": {"type": "integer", "minimum": 1, "maximum": 14}},
           "required": ["city", "days"], "additionalProperties": False}
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "Tells the weather", "parameters": WEATHER, "strict": True}}]
HELLO = [{"role": "system", "content": "Be short."}, {"role": "user", "content": [{"type": "text", "text": "Hello"}]}]


@unittest.skipUnless(setup.built(), "./lab has not built the library yet")
class OpenAiTest(unittest.TestCase):
    slow = True

    @classmethod
    def setUpClass(cls):
        serving.clients()
        import openai

        cls.openai = openai
        cls.base = serving.server() + "/v1"
        cls.client = openai.OpenAI(base_url=cls.base, api_key=serving.KEY, max_retries=0, timeout=60)
        cls.addClassCleanup(cls.client.close)

    def chat(self, **fields):
        return self.client.chat.completions.create(**{"model": "tiny", "messages": HELLO, "max_completion_tokens": 16, "seed": 3, **fields})

    def test_models(self):
        models = self.client.models.list().data
        self.assertEqual(["tiny"], [model.id for model in models])
        self.assertEqual(4096, models[0].max_model_len)
        self.assertEqual("model", self.client.models.retrieve("tiny").object)

    def test_a_stream_adds_up_to_the_whole(self):
        whole = self.chat()
        stream = self.chat(stream=True, stream_options={"include_usage": True})
        chunks = list(stream)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertEqual(whole.choices[0].message.content, text)
        self.assertEqual(whole.usage, chunks[-1].usage)
        self.assertEqual([], chunks[-1].choices)
        self.assertEqual(whole.choices[0].finish_reason, [c.choices[0].finish_reason for c in chunks if c.choices][-1])
        self.assertTrue(all(chunk.usage is None for chunk in chunks[:-1]))
        self.assertEqual(1, len({chunk.id for chunk in chunks}))

    def test_answers_and_stop_strings(self):
        answer = self.chat(n=3, temperature=1.2, presence_penalty=0.5, frequency_penalty=0.5, logit_bias={"7": -100}, stop=["q", "zz"], user="me",
                           metadata={"a": "b"}, store=False, extra_body={"top_k": 40, "min_p": 0.01, "repetition_penalty": 1.1})
        self.assertEqual([0, 1, 2], [choice.index for choice in answer.choices])
        for choice in answer.choices:
            self.assertNotIn("q", choice.message.content)

    def test_logprobs(self):
        content = self.chat(logprobs=True, top_logprobs=4, temperature=0).choices[0].logprobs.content
        self.assertGreaterEqual(len(content), 1)
        for token in content:
            self.assertEqual(4, len(token.top_logprobs))
            values = [top.logprob for top in token.top_logprobs]
            self.assertEqual(sorted(values, reverse=True), values)
            self.assertLessEqual(sum(map(math.exp, values)), 1 + 1e-4)
            self.assertAlmostEqual(values[0], token.logprob, places=5)

    def test_tools(self):
        call = self.chat(tools=TOOLS, tool_choice="required", max_completion_tokens=200).choices[0]
        self.assertEqual("tool_calls", call.finish_reason)
        self.assertLessEqual({"city", "days"}, set(json.loads(call.message.tool_calls[0].function.arguments)))
        named = {"type": "function", "function": {"name": "weather"}}
        with self.client.chat.completions.stream(model="tiny", messages=HELLO, seed=5, tools=TOOLS, tool_choice=named, max_completion_tokens=200) as stream:
            for _ in stream:
                pass
            made = stream.get_final_completion().choices[0].message.tool_calls
        self.assertEqual("weather", made[0].function.name)
        self.assertIn(made[0].function.parsed_arguments["days"], range(1, 15))
        again = [*HELLO, {"role": "assistant", "content": None, "tool_calls": [{"id": made[0].id, "type": "function", "function": {
            "name": "weather", "arguments": made[0].function.arguments}}]}, {"role": "tool", "tool_call_id": made[0].id, "content": "rain"}]
        self.assertIsNotNone(self.chat(messages=again, tools=TOOLS, tool_choice="none").choices[0].message.content)

    def test_forms(self):
        from pydantic import BaseModel, Field

        class City(BaseModel):
            name: str = Field(max_length=8)
            people: int = Field(ge=0, le=99_999)
            capital: bool

        parsed = self.client.chat.completions.parse(model="tiny", messages=HELLO, seed=2, response_format=City, max_completion_tokens=300)
        self.assertIsInstance(parsed.choices[0].message.parsed, City)
        form = {"type": "json_schema", "json_schema": {"name": "weather", "schema": WEATHER, "strict": True}}
        self.assertLessEqual(1, json.loads(self.chat(response_format=form, max_completion_tokens=200).choices[0].message.content)["days"])

    def test_completions(self):
        whole = self.client.completions.create(model="tiny", prompt=["the sky", "the sea"], max_tokens=5, logprobs=2, temperature=0)
        self.assertEqual(2, len(whole.choices))
        self.assertEqual(10, whole.usage.completion_tokens)
        ids = self.client.completions.create(model="tiny", prompt=[5, 6, 7], max_tokens=4, stream=True)
        self.assertEqual("length", list(ids)[-1].choices[0].finish_reason)

    def test_responses(self):
        response = self.client.responses.create(model="tiny", input="Hello", instructions="Be short.", max_output_tokens=12)
        self.assertIn(response.status, ("completed", "incomplete"))
        self.assertIsInstance(response.output_text, str)
        with self.client.responses.stream(model="tiny", input="Hello", max_output_tokens=12) as stream:
            kinds = [event.type for event in stream]
        self.assertEqual("response.created", kinds[0])
        self.assertIn(kinds[-1], ("response.completed", "response.incomplete"))
        self.assertIn("response.output_text.delta", kinds)
        tool = {"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}
        called = self.client.responses.create(model="tiny", input="Hello", tools=[tool], tool_choice="required", max_output_tokens=200)
        self.assertEqual("weather", [item for item in called.output if item.type == "function_call"][0].name)

    def test_errors_have_their_classes(self):
        openai = self.openai
        with self.assertRaisesRegex(openai.NotFoundError, "is not served here"):
            self.chat(model="other")
        with self.assertRaises(openai.BadRequestError) as wrong:
            self.chat(n=99)
        self.assertEqual("n", wrong.exception.param)
        with self.assertRaises(openai.BadRequestError) as unknown:
            self.chat(extra_body={"frobnicate": 1})
        self.assertEqual("unknown_parameter", unknown.exception.code)
        with self.assertRaises(openai.BadRequestError) as long:
            self.chat(messages=[{"role": "user", "content": "the sky " * 5000}])
        self.assertEqual("context_length_exceeded", long.exception.code)
        with self.assertRaises(openai.APIStatusError) as large:
            self.chat(messages=[{"role": "user", "content": "x" * 400_000}])
        self.assertEqual(413, large.exception.status_code)
        with self.assertRaises(openai.AuthenticationError):
            self.client.with_options(api_key="another-key-than-this").models.list()
        with self.assertRaises(openai.NotFoundError):
            self.client.embeddings.create(model="tiny", input="x")
        with self.assertRaises(openai.APITimeoutError):
            self.chat(max_completion_tokens=2000, timeout=0.05)

    def test_a_full_queue_is_a_rate_limit_that_passes(self):
        def one(i, client):
            try:
                client.chat.completions.create(model="tiny", messages=HELLO, max_completion_tokens=150, seed=i, extra_body={"ignore_eos": True})
                return 200
            except self.openai.RateLimitError as full:
                self.assertGreaterEqual(int(full.response.headers["Retry-After"]), 1)
                return 429

        with ThreadPoolExecutor(24) as threads:
            answers = list(threads.map(lambda i: one(i, self.client), range(24)))
        self.assertEqual({200, 429}, set(answers))
        patient = self.client.with_options(max_retries=8)
        with ThreadPoolExecutor(8) as threads:
            self.assertEqual({200}, set(threads.map(lambda i: one(i, patient), range(8))))

    def test_leaving_a_stream_cancels_it(self):
        before = serving.metric("tinyllm_requests_cancelled_total")
        with self.chat(stream=True, max_completion_tokens=3500, extra_body={"ignore_eos": True}) as stream:
            next(iter(stream))
        until = time.monotonic() + 5
        while serving.metric("tinyllm_requests_cancelled_total") == before and time.monotonic() < until:
            time.sleep(0.05)
        self.assertGreater(serving.metric("tinyllm_requests_cancelled_total"), before)

    def test_asynchronously(self):
        async def all_at_once():
            async with self.openai.AsyncOpenAI(base_url=self.base, api_key=serving.KEY, max_retries=8) as client:
                return await asyncio.gather(*(client.chat.completions.create(
                    model="tiny", messages=HELLO, seed=3, max_completion_tokens=16) for _ in range(6)))

        answers = asyncio.run(all_at_once())
        self.assertEqual({self.chat().choices[0].message.content}, {a.choices[0].message.content for a in answers})


if __name__ == "__main__":
    unittest.main()
