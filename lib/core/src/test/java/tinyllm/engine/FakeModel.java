package tinyllm.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import tinyllm.cache.KeysValues;
import tinyllm.cache.KvCache;
import tinyllm.cache.PagePool;
import tinyllm.model.Chunk;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.SamplingParams;
import tinyllm.text.ByteTokenizer;
import tinyllm.text.Tokenizer;

/**
 * A model whose next token is a hash of the text, read back from its pages: a page that is lost, used twice or written wrongly changes
 * what comes out. Faults are put in from outside.
 */
final class FakeModel implements EngineModel {
    static final int VOCABULARY = 128;
    static final int END = 3;

    final int context;
    final int pageTokens;
    final int pages;
    PagePool pool;
    int[][] memory;
    int calls;
    int resets;
    boolean closed;
    /** Runs before each call. */
    Consumer<List<Chunk>> fault = chunks -> {};

    Tokenizer tokenizer = ByteTokenizer.create();
    /** Logits of a text that holds this token are NaN. */
    int poison = -1;

    FakeModel(int context, int pages, int pageTokens) {
        this.context = context;
        this.pageTokens = pageTokens;
        this.pages = pages;
        this.pool = new PagePool(pages, pageTokens);
        this.memory = new int[pages][pageTokens];
    }

    /** What a request must write, computed without an engine. */
    static List<Integer> expected(int[] prompt, SamplingParams sampling, int most) {
        List<Integer> text = new ArrayList<>();
        int[] all = prompt;
        for (int n = 0; n < most; n++) {
            int next = next(all, sampling, n);
            if (next == END) {
                break;
            }
            text.add(next);
            all = Arrays.copyOf(all, all.length + 1);
            all[all.length - 1] = next;
        }
        return text;
    }

    private static int next(int[] text, SamplingParams sampling, long n) {
        long hash = 17;
        for (int id : text) {
            hash = hash * 0x9E3779B97F4A7C15L + id + 1;
        }
        if (sampling.temperature() > 0) {
            hash ^= (sampling.seed() * 31 + n) * 0xBF58476D1CE4E5B9L;
        }
        hash = (hash ^ (hash >>> 29)) * 0x94D049BB133111EBL;
        int next = (int) Long.remainderUnsigned(hash >>> 7, 100);
        return next < 2 ? END : next + 20;
    }

    final class Cache implements KvCache {
        int[] table = {};
        int length;
        boolean open = true;

        @Override
        public int length() {
            return length;
        }

        @Override
        public int maxTokens() {
            return (int) Math.min(context, pool.tokens());
        }

        @Override
        public void reserve(int tokens) {
            if (!open || tokens > maxTokens() - length) {
                throw new IllegalArgumentException(tokens + " tokens do not fit");
            }
            int[] taken = pool.take(Math.max(0, pool.pagesFor(length + tokens) - table.length));
            int had = table.length;
            table = Arrays.copyOf(table, had + taken.length);
            System.arraycopy(taken, 0, table, had, taken.length);
        }

        void write(int at, int token) {
            memory[table[at / pageTokens]][at % pageTokens] = token;
        }

        int[] text() {
            int[] text = new int[length];
            for (int i = 0; i < length; i++) {
                text[i] = memory[table[i / pageTokens]][i % pageTokens];
            }
            return text;
        }

        @Override
        public KeysValues append(int layer, KeysValues step) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void advance(int tokens) {
            length += tokens;
        }

        @Override
        public void rewind(int tokens) {
            length -= tokens;
            keep(pool.pagesFor(length));
        }

        private void keep(int count) {
            for (int i = count; i < table.length; i++) {
                Arrays.fill(memory[table[i]], -1);
                pool.release(table[i]);
            }
            table = Arrays.copyOf(table, Math.min(count, table.length));
        }

        @Override
        public long nbytes() {
            return table.length;
        }

        @Override
        public void close() {
            if (open) {
                open = false;
                length = 0;
                keep(0);
            }
        }
    }

    @Override
    public int context() {
        return context;
    }

    @Override
    public int vocabulary() {
        return VOCABULARY;
    }

    @Override
    public Set<Integer> ends() {
        return Set.of(END);
    }

    @Override
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public PagePool pool() {
        return pool;
    }

    @Override
    public KvCache newCache(String salt, int[] text) {
        return new Cache();
    }

    @Override
    public int known(String salt, int[] text) {
        return 0;
    }

    @Override
    public void keep(String salt, int[] text, KvCache cache) {}

    @Override
    public boolean shares() {
        return false;
    }

    @Override
    public int[] pages(KvCache cache) {
        return ((Cache) cache).table;
    }

    @Override
    public void forget() {}

    @Override
    public List<Chosen> step(List<Chunk> chunks, List<Draw> draws, PhaseClock clock) {
        calls++;
        chunks.forEach(chunk -> chunk.cache().reserve(chunk.tokens().length));
        fault.accept(chunks); // with pages reserved and nothing advanced
        List<Chosen> chosen = new ArrayList<>();
        int draw = 0;
        for (Chunk chunk : chunks) {
            Cache cache = (Cache) chunk.cache();
            for (int i = 0; i < chunk.tokens().length; i++) {
                cache.write(cache.length + i, chunk.tokens()[i]);
            }
            cache.advance(chunk.tokens().length);
            if (chunk.wantsLogits()) {
                chosen.add(choose(cache.text(), draws.get(draw++)));
            }
        }
        clock.mark(PhaseClock.Phase.MODEL);
        return chosen;
    }

    private Chosen choose(int[] text, Draw draw) {
        if (poison >= 0 && Arrays.stream(text).anyMatch(id -> id == poison)) {
            return new Chosen(-1, Double.NaN, List.of(), new LogitsException("the logits hold a NaN"));
        }
        return new Chosen(next(text, draw.sampling(), draw.n()), -1.5, List.of(), null);
    }

    @Override
    public String firstNonFinite(int[] tokens) {
        return "";
    }

    @Override
    public void reset() {
        resets++;
        pool = new PagePool(pages, pageTokens);
        memory = new int[pages][pageTokens];
    }

    @Override
    public void close() {
        closed = true;
    }
}
