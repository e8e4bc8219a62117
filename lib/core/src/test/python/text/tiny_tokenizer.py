"""Trains the tiny byte-level tokenizer of the download-free tests: 256 bytes, 300 merges, four added tokens.

    python lib/core/src/test/python/text/tiny_tokenizer.py

writes src/test/resources/tinyllm/text/tiny-tokenizer.json in the form of Qwen2's file. Plain Python; the text is our own.
"""

import collections
import json
import pathlib

RESOURCES = pathlib.Path(__file__).parents[2] / "resources" / "tinyllm" / "text"
TEXT = """The small model reads the small text and writes the next small word. The cat sat on the mat, the dog sat on the cat.
What is the weather in the town today? The weather in the town is the weather of the sea. Write a function that reverses a string.
def reverse(text): return text[::-1]
public static int add(int a, int b) { return a + b; }
für über schön café naïve 天气 天空 天地 😀 😃
one two three four five six seven eight nine ten and then the ten again and the nine again, nothing is ever the same again.
The lighthouse keeper counted forty steps; he had never been good at counting. A ship in harbour is safe, but that is not what
ships are built for. It's raining again, and they've said it won't stop before Tuesday; I'd rather stay, you'll see why.
for (int i = 0; i < n; ++i) { total += values[i] * weights[i]; } return total / Math.max(1, n); // the weighted mean"""
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def alphabet():
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in visible]
    return {b: chr(b) for b in visible} | {b: chr(256 + i) for i, b in enumerate(hidden)}


def main():
    letters = alphabet()
    words = collections.Counter()
    for line in TEXT.split("\n"):
        for i, word in enumerate(line.split(" ")):
            words[tuple(letters[b] for b in ((" " if i else "") + word).encode())] += 1
    vocab = sorted(letters.values())
    merges = []
    while len(merges) < 300:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        if "".join(best) not in vocab:
            vocab.append("".join(best))
        words = collections.Counter({join(word, best): n for word, n in words.items()})
    added = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>"]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": len(vocab) + i,
                "content": text,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": text.startswith("<|"),
            }
            for i, text in enumerate(added)
        ],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
            ],
        },
        "post_processor": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": {token: i for i, token in enumerate(vocab)},
            "merges": [" ".join(m) for m in merges],
        },
    }
    (RESOURCES / "tiny-tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, indent=1) + "\n")


def join(word, pair):
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


main()
