"""Writes resources/goldens/dequantize.safetensors: blocks of every GGUF type and MLX-quantized rows, with their values.

    pip install numpy gguf==0.19.0 safetensors mlx==0.32.4
    python dequantize_goldens.py

The values come from the `gguf` package and from MLX (on float32 scales), not from this project.
"""

import pathlib

import gguf
import mlx.core as mx
import numpy as np
from safetensors.numpy import save_file

TYPES = {
    # type: (block bytes, byte offsets of the f16 numbers in a block)
    "Q4_0": (18, [0]),
    "Q4_1": (20, [0, 2]),
    "Q5_0": (22, [0]),
    "Q5_1": (24, [0, 2]),
    "Q8_0": (34, [0]),
    "Q4_K": (144, [0, 2]),
    "Q5_K": (176, [0, 2]),
    "Q6_K": (210, [208]),
}


def blocks(rng, name, count=6):
    size, halves = TYPES[name]
    data = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for at in halves:
        scales = (rng.normal(size=count) * 0.02).astype(np.float16)
        scales[0] = 0
        data[:, at : at + 2] = scales.view(np.uint8).reshape(count, 2)
    return data


def main():
    rng = np.random.default_rng(20)
    out = {}
    for name in TYPES:
        data = blocks(rng, name)
        out[f"{name}.blocks"] = data
        out[f"{name}.values"] = gguf.quants.dequantize(data, gguf.GGMLQuantizationType[name]).astype(np.float32)
    for bits in (2, 3, 4, 5, 6, 8):
        for group in (32, 64, 128):
            weights = rng.normal(size=(3, 128)).astype(np.float32)
            weights[0, :group] = 0.25  # a group without spread
            weights[1] = np.abs(weights[1])
            words, scales, biases = mx.quantize(mx.array(weights), group_size=group, bits=bits)
            values = mx.dequantize(words, scales, biases, group_size=group, bits=bits)
            key = f"mlx.{bits}.{group}"
            out[f"{key}.weights"] = weights
            out[f"{key}.words"] = np.array(words)
            out[f"{key}.scales"] = np.array(scales)
            out[f"{key}.biases"] = np.array(biases)
            out[f"{key}.values"] = np.array(values)
    path = pathlib.Path(__file__).parent.parent / "resources/goldens/dequantize.safetensors"
    save_file(out, path)
    print(path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
