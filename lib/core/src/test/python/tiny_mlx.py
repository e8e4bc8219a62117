"""Quantizes a tiny checkpoint with mlx-lm's own quantizer, in place, as its converter does."""

import json

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from mlx_lm.utils import load_config, load_model, quantize_model, save_config, save_model


def quantize(folder, bits, group, sequences, mixed):
    """The folder's weights become MLX's packed ones; returns the logits [L, V] of each sequence in float32.

    `mixed` maps the last part of a module's name to other bits, as mlx-lm's recipes for mixed precision do.
    """
    def predicate(path, module):
        other = mixed.get(path.split(".")[-1])
        return {"group_size": group, "bits": other} if other else True

    original = load_config(folder)
    model, config = load_model(folder, model_config={})
    model, config = quantize_model(model, config, group, bits, quant_predicate=predicate)
    (folder / "model.safetensors").unlink()
    save_model(folder, model)
    save_config({**original, **{k: config[k] for k in ("quantization", "quantization_config")}}, folder / "config.json")
    loaded, _ = load_model(folder, lazy=False)
    loaded.set_dtype(mx.float32)
    logits = [np.array(loaded(mx.array([s]))[0]) for s in sequences]
    check(loaded, logits, sequences)
    return logits


def check(model, logits, sequences):
    """mlx's quantized product in float32 must equal the product with dequantized weights, or it is no golden."""
    dense = {}
    modules = dict(model.named_modules())
    for name, module in modules.items():
        if hasattr(module, "scales"):
            dense[name] = mx.dequantize(module.weight, module.scales, module.biases, module.group_size, module.bits)
    assert dense
    x = mx.random.normal((3, next(iter(dense.values())).shape[1]))
    for name, weight in dense.items():
        module = modules[name]
        if weight.shape[1] != x.shape[1] or "embed" in name:
            continue
        exact = np.array(x, np.float64) @ np.array(weight, np.float64).T
        if "bias" in module:
            exact = exact + np.array(module.bias, np.float64)
        assert np.abs(np.array(module(x)) - exact).max() < 1e-4, name
