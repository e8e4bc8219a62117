"""llama.cpp as a peer of `./lab bench batch`: many requests in one context, a sequence each, decoded together.

llama_cpp_batch_peer.py MODEL PROMPTS NEW_TOKENS THREADS     (PROMPTS: a file with a line of ids for each request, separated by commas)
"""

import json
import sys
import time
from pathlib import Path

import llama_cpp as ll
import numpy as np


class Together:
    """A context with one sequence for each request; a step is one batch of (token, position, sequence, whether logits are wanted)."""

    def __init__(self, path, sequences, tokens, threads):
        ll.llama_backend_init()
        self.model = ll.llama_model_load_from_file(path.encode(), ll.llama_model_default_params())
        params = ll.llama_context_default_params()
        # Each sequence gets its share of the context.
        params.n_ctx = sequences * -(-tokens // 256) * 256
        params.n_batch = sequences * tokens
        params.n_ubatch = 512
        params.n_seq_max = sequences
        params.n_threads = params.n_threads_batch = threads
        self.context = ll.llama_init_from_model(self.model, params)
        if not self.context:
            sys.exit("llama.cpp made no context")
        self.batch = ll.llama_batch_init(params.n_batch, 0, 1)
        self.vocabulary = ll.llama_vocab_n_tokens(ll.llama_model_get_vocab(self.model))

    def step(self, rows):
        """The most likely next token after each row that wants logits."""
        batch = self.batch
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, wanted
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        if ll.llama_decode(self.context, batch) != 0:
            sys.exit("llama.cpp could not decode a batch")
        return [int(np.argmax(np.ctypeslib.as_array(ll.llama_get_logits_ith(self.context, i), (self.vocabulary,))))
                for i, row in enumerate(rows) if row[3]]

    def forget(self):
        ll.llama_memory_clear(ll.llama_get_memory(self.context), True)


def prompt_rows(prompts):
    return [(token, position, sequence, position == len(prompt) - 1)
            for sequence, prompt in enumerate(prompts) for position, token in enumerate(prompt)]


def run(path, prompts, new_tokens, threads):
    together = Together(path, len(prompts), max(map(len, prompts)) + new_tokens, threads)
    together.step(prompt_rows([prompt[:4] for prompt in prompts]))
    together.forget()
    begin = time.perf_counter()
    chosen = together.step(prompt_rows(prompts))
    first = time.perf_counter()
    for n in range(new_tokens - 1):
        chosen = together.step([(token, len(prompts[i]) + n, i, True) for i, token in enumerate(chosen)])
    end = time.perf_counter()
    print(json.dumps({
        "tokens_per_s": len(prompts) * new_tokens / (end - begin),
        "prefill_s": first - begin,
        "decode_s": end - first,
    }))


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_text().split()
    run(sys.argv[1], [[int(word) for word in line.split(",")] for line in lines], int(sys.argv[3]), int(sys.argv[4]))
