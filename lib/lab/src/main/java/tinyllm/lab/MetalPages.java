package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KeysValues;
import tinyllm.cache.KvCache;
import tinyllm.cache.PagePool;
import tinyllm.lab.exercises.paged.PagedInputs;
import tinyllm.lab.exercises.paged.PagedKernels;
import tinyllm.lab.view.Live;
import tinyllm.model.CausalLm;
import tinyllm.model.ModelConfig;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * A model's cache in pages of 16, and its attention: each new token's runs through a learner's Metal kernel straight over the pages, on a
 * GPU or on the host (chapter 3.2). The prompt has its keys in one piece anyway, and runs through array operations.
 */
public final class MetalPages implements KvCache, GroupedAttentionFn {

    private static final int PAGE = 16;
    private static final int STRIDE = 5; // the pages do not come in order

    private final String source;
    private final int kvHeads;
    private final int maxTokens;
    private final PagePool pool;
    private final float[][] keys; // [layers][P · H_kv · 16 · 64]
    private final float[][] values;
    private final GroupedAttentionFn prompt = new GroupedQueryAttention();
    private int[] table = {};
    private int length;
    private int layer; // whose keys came last
    private int launches;

    MetalPages(String source, ModelConfig config, int tokens) {
        this.source = source;
        this.kvHeads = config.numKeyValueHeads();
        this.maxTokens = tokens;
        int pages = STRIDE * Math.ceilDiv(tokens, PAGE);
        this.pool = new PagePool(pages, PAGE);
        int numbers = pages * kvHeads * PAGE * PagedInputs.HEAD;
        this.keys = new float[config.numHiddenLayers()][numbers];
        this.values = new float[config.numHiddenLayers()][numbers];
    }

    /**
     * Continues a text greedily, and shows it while it grows.
     *
     * @param source a kernel as exercise "3.2 decode" asks for: {@code KernelSources.of("3.2 decode", MyDecode::new)}
     * @param tokens of the answer, 1 or more; on the host each takes seconds
     * @return the continuation, and over which pages
     */
    public static String write(CausalLm model, String source, String text, int tokens) {
        int[] prompt = model.tokenizer().encode(text);
        if (prompt.length == 0 || tokens < 1) {
            throw new IllegalArgumentException("give a text of a token at least, and one to write at least");
        }
        if (model.config().headDim() != PagedInputs.HEAD) {
            throw new IllegalArgumentException("this chapter's kernels have heads of " + PagedInputs.HEAD
                    + " components, and the model's have " + model.config().headDim());
        }
        try (Live live = new Live();
                MetalPages pages = new MetalPages(source, model.config(), prompt.length + tokens)) {
            return pages.continued(model.with(() -> pages), prompt, tokens, live);
        }
    }

    private String continued(CausalLm model, int[] prompt, int tokens, Live live) {
        List<Integer> written = new ArrayList<>();
        int[] next = prompt;
        while (written.size() < tokens) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the run was interrupted");
            }
            Tensor logits = model.lastLogits(next, this);
            next = Greedy.tokens(logits.reshape(1, logits.dim(0)), model.tokenizer());
            written.add(next[0]);
            live.progress("token " + written.size() + " of " + tokens, written.size(), tokens);
        }
        String answer = model.tokenizer()
                .decode(written.stream().mapToInt(token -> token).toArray());
        return String.format(
                Locale.ROOT,
                "%s%n%d launches over %d tokens in the pages %s",
                answer,
                launches,
                length,
                Arrays.toString(table));
    }

    /** How many times the kernel was launched: once for each layer of each new token. */
    public int launches() {
        return launches;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    /** Takes pages some way apart, as if other texts had those between. */
    @Override
    public void reserve(int tokens) {
        if (tokens < 0 || tokens > maxTokens - length) {
            throw new IllegalArgumentException("the cache holds " + length + " tokens and may hold " + maxTokens + "; "
                    + tokens + " more do not fit");
        }
        while (table.length < pool.pagesFor(length + tokens)) {
            table = Arrays.copyOf(table, table.length + 1);
            table[table.length - 1] = pool.take(STRIDE)[STRIDE - 1 - table.length % 2];
        }
    }

    @Override
    public KeysValues append(int layer, KeysValues step) {
        this.layer = layer;
        int tokens = step.keys().dim(2);
        write(keys[layer], step.keys());
        write(values[layer], step.values());
        return tokens == 1 && length > 0
                ? step
                : new KeysValues(piece(keys[layer], tokens), piece(values[layer], tokens));
    }

    private void write(float[] memory, Tensor step) {
        int tokens = step.dim(2);
        float[] numbers = step.astype(DType.F32).toFloats(); // [H_kv, L, 64]
        for (int head = 0; head < kvHeads; head++) {
            for (int i = 0; i < tokens; i++) {
                int from = (head * tokens + i) * PagedInputs.HEAD;
                System.arraycopy(numbers, from, memory, place(head, length + i), PagedInputs.HEAD);
            }
        }
    }

    /** What a prompt's queries see: {@code [1, H_kv, length + tokens, 64]}. */
    private Tensor piece(float[] memory, int tokens) {
        int all = length + tokens;
        float[] numbers = new float[kvHeads * all * PagedInputs.HEAD];
        for (int head = 0; head < kvHeads; head++) {
            for (int t = 0; t < all; t++) {
                int to = (head * all + t) * PagedInputs.HEAD;
                System.arraycopy(memory, place(head, t), numbers, to, PagedInputs.HEAD);
            }
        }
        return Tensor.of(numbers, 1, kvHeads, all, PagedInputs.HEAD);
    }

    private int place(int head, int token) {
        return ((table[token / PAGE] * kvHeads + head) * PAGE + token % PAGE) * PagedInputs.HEAD;
    }

    /** A new token's queries over the pages of the layer that was appended to last; the keys that come along are not looked at. */
    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        if (q.dim(2) != 1 || length == 0) {
            return prompt.attend(q, k, v, mask, scale);
        }
        launches++;
        int heads = q.dim(1);
        int[] shape = {pool.size(), kvHeads, PAGE, PagedInputs.HEAD};
        Tensor out = PagedKernels.call(
                        source,
                        q.astype(DType.F32).reshape(1, heads, PagedInputs.HEAD),
                        Tensor.of(keys[layer].clone(), shape),
                        Tensor.of(values[layer].clone(), shape),
                        Tensor.of(table.clone(), 1, table.length),
                        Tensor.of(new int[] {length + 1}, 1),
                        PagedKernels.GROUPS)
                .run()
                .getFirst();
        return out.reshape(1, heads, 1, PagedInputs.HEAD).astype(q.dtype());
    }

    @Override
    public void advance(int tokens) {
        length += tokens;
    }

    @Override
    public void rewind(int tokens) {
        if (tokens < 0 || tokens > length) {
            throw new IllegalArgumentException(
                    "the cache holds " + length + " tokens and can't forget " + tokens + " of them");
        }
        length -= tokens;
    }

    @Override
    public long nbytes() {
        return 2L * keys.length * keys[0].length * Float.BYTES;
    }

    @Override
    public void close() {
        length = 0;
    }
}
