"""Tiny random checkpoints as `transformers`, `mlx-lm` and `gguf` write them, each with the logits that they compute.

    pip install torch transformers "mlx[cpu]" mlx-lm gguf
    python tiny_checkpoints.py ../resources/checkpoints

Every folder is a whole model: weights, config.json, tokenizer.json, tokenizer_config.json, generation_config.json; the
GGUF files stand alone. `golden.json` holds token sequences and their logits: base64 of float32, little endian, [L, V].
"""

import base64
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
import transformers

from tiny_gguf import write_gguf
from tiny_mlx import quantize
from tiny_tokenizer import EOS, VOCAB, write_tokenizer

SEQUENCES = [[7], [261, 72, 101, 259]]
SMALL = dict(hidden_size=16, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)


def random_model(family, seed, **fields):
    """A model whose logits are a few units large, so that an absolute tolerance means something."""
    torch.manual_seed(seed)
    fields = {**SMALL, "vocab_size": VOCAB, "max_position_embeddings": 256, "eos_token_id": EOS, **fields}
    theta = fields.pop("rope_theta", 10000.0)
    config = getattr(transformers, f"{family}Config")(
        rope_parameters={"rope_type": "default", "rope_theta": theta}, attn_implementation="eager", **fields
    )
    model = getattr(transformers, f"{family}ForCausalLM")(config).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 2:
                p.normal_(0, 1 if "embed" in name else 2 / p.shape[1] ** 0.5)
            elif "norm" in name:
                p.uniform_(0.5, 1.5)
            else:
                p.normal_(0, 0.5)
    return model


def hub_config(folder):
    """config.json as the hub's checkpoints of these families have it (rope_theta and torch_dtype at the top)."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
    config["torch_dtype"] = config.pop("dtype")
    path.write_text(json.dumps(config, indent=1) + "\n")


def save(model, folder, dtype, max_shard="1GB", classic=True):
    """Writes the checkpoint in dtype, and the logits of what was written, computed in float32."""
    shutil.rmtree(folder, ignore_errors=True)
    model.to(dtype).save_pretrained(folder, max_shard_size=max_shard)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    if classic:
        hub_config(folder)
    write_tokenizer(folder)
    with torch.no_grad():
        logits = [loaded(torch.tensor([s])).logits[0].numpy() for s in SEQUENCES]
    write_golden(folder / "golden.json", logits)
    return loaded, logits


def write_golden(path, logits):
    assert all(1 < np.std(l) < 50 for l in logits), [np.std(l) for l in logits]
    encoded = [base64.b64encode(l.astype("<f4").tobytes()).decode() for l in logits]
    rows = [{"tokens": s, "logits": l} for s, l in zip(SEQUENCES, encoded)]
    path.write_text(json.dumps(rows, separators=(",", ":")) + "\n")


def main(out):
    out = Path(out)
    bf16, f16, f32 = torch.bfloat16, torch.float16, torch.float32
    save(random_model("Qwen2", 1, tie_word_embeddings=True, rope_theta=1e6), out / "qwen2-tied-bf16", bf16)
    save(random_model("Qwen2", 2, tie_word_embeddings=False), out / "qwen2-untied-f16", f16)
    save(random_model("Qwen3", 3, head_dim=12, tie_word_embeddings=True, rope_theta=1e6), out / "qwen3-tied-f16", f16)
    save(random_model("Qwen3", 4, head_dim=8, tie_word_embeddings=False), out / "qwen3-untied-sharded", bf16, "10KB")
    save(random_model("Llama", 5, tie_word_embeddings=True, num_hidden_layers=1), out / "llama-tied-f32", f32)
    save(random_model("Llama", 6, tie_word_embeddings=False), out / "llama-untied-bf16", bf16, classic=False)
    for family, seed, tied in (("Qwen2", 7, False), ("Qwen3", 8, True), ("Llama", 9, True)):
        folder = out / f"{family.lower()}-gguf"
        head_dim = {"head_dim": 6} if family == "Qwen3" else {}
        model, logits = save(random_model(family, seed, tie_word_embeddings=tied, **head_dim), folder, f16)
        shutil.rmtree(folder)
        folder.mkdir()
        write_gguf(model, folder / "model.gguf")
        write_golden(folder / "golden.json", logits)
    for group in (32, 64):
        for bits in (4, 5, 6, 8):
            mlx_checkpoint(out / f"mlx-q{bits}-g{group}", bits, group)
    mlx_checkpoint(out / "mlx-q4-g128", 4, 128)
    mlx_checkpoint(out / "mlx-mixed-g128", 4, 128, {"q_proj": 5, "gate_proj": 6, "o_proj": 8})


def mlx_checkpoint(folder, bits, group, mixed=None):
    wide = dict(hidden_size=group, intermediate_size=group, num_hidden_layers=1)
    wide |= dict(num_attention_heads=4, num_key_value_heads=1, head_dim=group // 4, tie_word_embeddings=group != 32)
    family = "Qwen3" if bits in (4, 6) else "Qwen2" if bits == 5 else "Llama"
    save(random_model(family, 10 * group + bits, **wide), folder, torch.bfloat16 if bits != 8 else torch.float16)
    write_golden(folder / "golden.json", quantize(folder, bits, group, SEQUENCES, mixed or {}))


if __name__ == "__main__":
    main(*sys.argv[1:])
