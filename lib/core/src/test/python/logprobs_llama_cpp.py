"""How far llama.cpp is from the double-precision goldens of logprobs_numpy.py: the yardstick for our own kernels' accuracy.

    PYTHON logprobs_llama_cpp.py MODEL.gguf GOLDEN.json [THREADS]

PYTHON is that of the peer that `./lab bench decode --vs llama.cpp` installs. LogprobsParityTest prints the same figures for ours.
"""

import json
import sys

import numpy as np
from llama_cpp import Llama


def main(model, golden, threads=2):
    with open(golden, encoding="utf-8") as file:
        texts = json.load(file)["texts"]
    context = max(len(text["tokens"]) for text in texts) + 8
    llama = Llama(model_path=model, n_ctx=context, n_batch=512, n_threads=int(threads), n_threads_batch=int(threads),
                  logits_all=True, verbose=False)
    differences, same, positions = [], 0, 0
    for text in texts:
        tokens = text["tokens"]
        llama.reset()
        llama.eval(tokens)
        logits = np.array(llama.scores[: len(tokens)], dtype=np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        logprobs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        given = logprobs[np.arange(len(tokens) - 1), tokens[1:]]
        off = np.abs(given - np.array(text["logprobs"][: len(tokens) - 1]))
        differences.extend(off)
        same += sum(int(row.argmax()) == top[0][0] for row, top in zip(logprobs, text["top"]))
        positions += len(tokens)
        print(f"{text['text']}: {len(tokens)} tokens, mean |difference| {off.mean():.6f}")
    print(f"llama.cpp: {positions} positions, mean |difference| {np.mean(differences):.6f}, same top token {100 * same / positions:.2f} %")


if __name__ == "__main__":
    main(*sys.argv[1:])
