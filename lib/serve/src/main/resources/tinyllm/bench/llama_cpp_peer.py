"""llama.cpp as a peer of `./lab bench`: one timed run over a GGUF file.

llama_cpp_peer.py MODEL PROMPT_IDS NEW_TOKENS THREADS     (PROMPT_IDS: a file with ids, separated by commas)
"""

import json
import sys
import time
from pathlib import Path

from llama_cpp import Llama


def run(model, prompt, new_tokens, threads):
    start = time.perf_counter()
    context = len(prompt) + new_tokens + 8
    llama = Llama(model_path=model, n_ctx=context, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)
    loaded = time.perf_counter()
    llama.eval(prompt[:2])
    llama.eval(prompt[2:4])
    llama.reset()
    begin = time.perf_counter()
    llama.eval(prompt)
    token = llama.sample(temp=0.0)
    first = time.perf_counter()
    decode = 0.0
    tokens = [token]
    for _ in range(new_tokens - 1):
        before = time.perf_counter()
        llama.eval([token])
        decode += time.perf_counter() - before  # choosing a token is not counted against it
        token = llama.sample(temp=0.0)
        tokens.append(token)
    result = {
        "load_s": loaded - start,
        "ttft_ms": (first - begin) * 1e3,
        "prefill_tokens_per_s": len(prompt) / (first - begin),
        "new_tokens": len(tokens),
    }
    if len(tokens) > 1:
        result["decode_tokens_per_s"] = (len(tokens) - 1) / decode
    print(json.dumps(result))


if __name__ == "__main__":
    ids = [int(word) for word in Path(sys.argv[2]).read_text().split(",")]
    run(sys.argv[1], ids, int(sys.argv[3]), int(sys.argv[4]))
