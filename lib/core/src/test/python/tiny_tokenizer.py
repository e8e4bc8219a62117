"""A byte-level tokenizer of a few hundred ids, in the files that Qwen's checkpoints have."""

import json

from tokenizers import pre_tokenizers

from gguf_tokenizer import QWEN2

MERGES = ["Ġ t", "h e", "i n", "Ġt he"]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
KNOWN = 256 + len(MERGES) + len(SPECIALS)
VOCAB = 272  # the embedding has more rows than the tokenizer knows ids, as Qwen's has
EOS = 256 + len(MERGES) + 2

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def byte_alphabet():
    """GPT-2's character for each byte: printable bytes stand for themselves, the others from U+0100 on."""
    printable = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or 174 <= b]
    others = iter(range(256, 512))
    alphabet = [chr(b) if b in printable else chr(next(others)) for b in range(256)]
    assert sorted(alphabet) == sorted(pre_tokenizers.ByteLevel.alphabet())
    return alphabet


def tokens():
    """All known tokens in order of their ids: bytes, merges, special tokens."""
    return byte_alphabet() + [m.replace(" ", "") for m in MERGES] + SPECIALS


def write_tokenizer(folder):
    first = KNOWN - len(SPECIALS)
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    added = [{"id": first + i, "content": s, **flags} for i, s in enumerate(SPECIALS)]
    byte_level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=False, use_regex=False)
    split = dict(type="Split", pattern={"Regex": QWEN2}, behavior="Isolated", invert=False)
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": byte_level,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": {t: i for i, t in enumerate(tokens()[:first])},
            "merges": MERGES,
        },
    }
    config = {
        "add_bos_token": False,
        "added_tokens_decoder": {str(a["id"]): {k: v for k, v in a.items() if k != "id"} for a in added},
        "bos_token": None,
        "chat_template": TEMPLATE,
        "eos_token": SPECIALS[2],
        "pad_token": SPECIALS[0],
        "tokenizer_class": "Qwen2Tokenizer",
    }
    for name, value in (
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", config),
        ("generation_config.json", {"eos_token_id": [EOS, EOS - 2]}),
    ):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        (folder / name).write_text(text + "\n", "utf-8")
