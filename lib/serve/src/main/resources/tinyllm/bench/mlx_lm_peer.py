"""mlx-lm as a peer of `./lab bench`: random 4-bit weights of given shapes, and one timed run over them.

mlx_lm_peer.py make FOLDER CONFIG_JSON
mlx_lm_peer.py run FOLDER PROMPT_TOKENS NEW_TOKENS
"""

import importlib
import json
import sys
import time
from pathlib import Path

import mlx.core as mx
from mlx_lm.generate import generate_step
from mlx_lm.utils import load_model, quantize_model, save_config, save_model


def make(folder, config):
    config = json.loads(config)
    arch = importlib.import_module(f"mlx_lm.models.{config['model_type']}")
    model = arch.Model(arch.ModelArgs.from_dict(config))
    model.set_dtype(mx.float32)  # eight times faster on a CPU than the bfloat16 of MLX's own checkpoints
    model, config = quantize_model(model, config, 64, 4)
    part = Path(folder + ".part")
    part.mkdir(parents=True, exist_ok=True)
    save_model(part, model)
    save_config(config, part / "config.json")
    part.rename(folder)


def run(folder, prompt_tokens, new_tokens):
    start = time.perf_counter()
    model, config = load_model(Path(folder))
    mx.eval(model.parameters())
    loaded = time.perf_counter()
    mx.random.seed(0)
    prompt = mx.random.randint(0, config["vocab_size"], (int(prompt_tokens),))
    mx.eval(prompt)
    for _ in generate_step(prompt[:2], model, max_tokens=2):
        pass
    begin = time.perf_counter()
    times = []
    for _ in generate_step(prompt, model, max_tokens=int(new_tokens)):
        times.append(time.perf_counter())
    result = {
        "load_s": loaded - start,
        "ttft_ms": (times[0] - begin) * 1e3,
        "prefill_tokens_per_s": int(prompt_tokens) / (times[0] - begin),
        "new_tokens": len(times),
    }
    if len(times) > 1:
        result["decode_tokens_per_s"] = (len(times) - 1) / (times[-1] - times[0])
    print(json.dumps(result))


if __name__ == "__main__":
    {"make": make, "run": run}[sys.argv[1]](*sys.argv[2:])
