"""An independent double-precision pass over a GGUF file, and the goldens it makes.

The weights are those that the `gguf` package dequantizes; everything after that is numpy in float64, written from the
papers and not from this project's Java. One layer's weights are in memory at a time.

    pip install numpy gguf tokenizers
    python logprobs_numpy.py MODEL.gguf ../resources/goldens/texts ../resources/goldens/NAME.json
"""

import hashlib
import json
import sys
from pathlib import Path

import gguf
import numpy as np

from gguf_tokenizer import tokenizer_of


class GgufModel:
    """Qwen2 (biases on Q, K, V; rotary halves) or Llama (no biases; rotary rows stored for neighbouring pairs)."""

    def __init__(self, path):
        self.reader = gguf.GGUFReader(path)
        self.tensors = {t.name: t for t in self.reader.tensors}
        self.arch = self.field("general.architecture")
        assert self.arch in ("qwen2", "llama"), self.arch
        self.layers = self.own("block_count")
        self.heads = self.own("attention.head_count")
        self.kv_heads = self.own("attention.head_count_kv")
        self.eps = self.own("attention.layer_norm_rms_epsilon")
        self.theta = self.own("rope.freq_base")
        self.head_dim = self.own("embedding_length") // self.heads

    def field(self, name):
        return self.reader.get_field(name).contents()

    def own(self, name):
        return self.field(f"{self.arch}.{name}")

    def weight(self, name):
        """The tensor as float64 [rows, columns], or None."""
        tensor = self.tensors.get(name)
        return None if tensor is None else gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float64)

    def linear(self, x, name):
        y = x @ self.weight(f"{name}.weight").T
        bias = self.weight(f"{name}.bias")
        return y if bias is None else y + bias

    def norm(self, x, name):
        return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.eps) * self.weight(f"{name}.weight")

    def rope(self, x):
        """[H, L, D] -> [H, L, D], position by position."""
        half = self.head_dim // 2
        angles = np.arange(x.shape[1])[:, None] * self.theta ** (-np.arange(half) / half)  # [L, D/2]
        cos, sin = np.cos(angles), np.sin(angles)
        out = np.empty_like(x)
        first, second = (np.s_[..., 0::2], np.s_[..., 1::2]) if self.arch == "llama" else (np.s_[..., :half], np.s_[..., half:])
        out[first] = x[first] * cos - x[second] * sin
        out[second] = x[second] * cos + x[first] * sin
        return out

    def attention(self, x, layer, segments):
        def heads(name, count):
            return self.linear(x, f"{layer}.{name}").reshape(len(x), count, self.head_dim).transpose(1, 0, 2)

        q, k, v = heads("attn_q", self.heads), heads("attn_k", self.kv_heads), heads("attn_v", self.kv_heads)
        out = np.empty((len(x), self.heads * self.head_dim))
        for begin, end in segments:
            rows = slice(begin, end)
            qs, ks, vs = self.rope(q[:, rows]), self.rope(k[:, rows]), v[:, rows]
            ks, vs = (np.repeat(a, self.heads // self.kv_heads, axis=0) for a in (ks, vs))
            scores = qs @ ks.transpose(0, 2, 1) / np.sqrt(self.head_dim)  # [H, L, L]
            scores[:, np.triu(np.ones((end - begin, end - begin), bool), 1)] = -np.inf
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            weights /= weights.sum(-1, keepdims=True)
            out[rows] = (weights @ vs).transpose(1, 0, 2).reshape(end - begin, -1)
        return self.linear(out, f"{layer}.attn_output")

    def log_probs(self, sequences):
        """Log-probabilities [L, V] of each sequence of ids. All are computed together so that weights are read once."""
        ends = np.cumsum([len(s) for s in sequences])
        segments = [(end - len(s), end) for s, end in zip(sequences, ends)]
        embedding = self.weight("token_embd.weight")
        x = embedding[np.concatenate(sequences)]
        for i in range(self.layers):
            layer = f"blk.{i}"
            x = x + self.attention(self.norm(x, f"{layer}.attn_norm"), layer, segments)
            h = self.norm(x, f"{layer}.ffn_norm")
            gate = self.linear(h, f"{layer}.ffn_gate")
            x = x + self.linear(gate / (1 + np.exp(-gate)) * self.linear(h, f"{layer}.ffn_up"), f"{layer}.ffn_down")
        output = self.weight("output.weight")
        x = self.norm(x, "output_norm")
        for begin, end in segments:
            logits = x[begin:end] @ (embedding if output is None else output).T
            top = logits.max(-1, keepdims=True)
            yield logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))


def golden(name, tokens, log_probs):
    """`logprobs[i]` belongs to token i+1 after tokens 0…i; `top[i]` is sorted by falling log-probability, then rising id."""
    top = [np.lexsort((np.arange(row.size), -row))[:5] for row in log_probs]
    return {
        "text": name,
        "tokens": [int(t) for t in tokens],
        "logprobs": [round(float(row[t]), 5) for row, t in zip(log_probs, tokens[1:])],
        "top": [[[int(t), round(float(row[t]), 5)] for t in ids] for row, ids in zip(log_probs, top)],
    }


def main(model_path, texts_folder, out_path):
    model = GgufModel(model_path)
    files = sorted(Path(texts_folder).glob("*.txt"))
    plain, special = tokenizer_of(model.field), tokenizer_of(model.field, specials=True)
    tokens = [
        np.array((special if f.name.endswith(".special.txt") else plain).encode(f.read_text("utf-8").rstrip("\n")).ids)
        for f in files
    ]
    result = {
        "model": Path(model_path).name,
        "sha256": hashlib.sha256(Path(model_path).read_bytes()).hexdigest(),
        "texts": [golden(f.name, t, p) for f, t, p in zip(files, tokens, model.log_probs(tokens))],
    }
    Path(out_path).write_text(json.dumps(result, separators=(",", ":")) + "\n")
    mean = np.mean(np.concatenate([t["logprobs"] for t in result["texts"]]))
    print(f"{sum(map(len, tokens))} tokens, mean log-probability {mean:.3f}, {out_path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
