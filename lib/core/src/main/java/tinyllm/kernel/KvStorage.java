package tinyllm.kernel;

import java.util.Arrays;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.array;
import tinyllm.natives.kernels;
import tinyllm.natives.kernels.KvPages;
import tinyllm.tensor.DType;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Tensor;

/**
 * The keys and values of one layer of one sequence, in native memory that it owns: the one thing that kernels write in place. It grows
 * by pages that never move, so growing copies nothing. Keys lie transposed in groups of 16 tokens, as {@code attention.inl} reads them.
 * For one thread at a time.
 */
public final class KvStorage implements AutoCloseable {
    private final int kvHeads;
    private final int headDim;
    private final int pageTokens;
    private final KvKind kind;
    private final KvPages pages;
    private boolean closed;

    /**
     * @param pageTokens a multiple of 16
     * @param dtype F32, F16 or BF16
     */
    public KvStorage(int kvHeads, int headDim, int pageTokens, DType dtype) {
        if (kvHeads < 1 || headDim < 2 || headDim > 1024) {
            throw new IllegalArgumentException("keys of " + kvHeads + " heads of " + headDim
                    + " components can't be stored; a head has 2 to 1024");
        }
        if (pageTokens < 16 || pageTokens % 16 != 0) {
            throw new IllegalArgumentException("a page holds a multiple of 16 tokens, not " + pageTokens);
        }
        this.kind = KvKind.of(dtype);
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.pageTokens = pageTokens;
        this.pages = new KvPages(kvHeads, headDim, pageTokens, kind.code());
    }

    /** Makes room for tokens in all. What is there stays where it is. */
    public void reserve(int tokens) {
        open();
        int wanted = (tokens + pageTokens - 1) / pageTokens;
        if (wanted > pages.pages()) {
            long bytes = KvPages.page_nbytes(kvHeads, headDim, pageTokens, kind.code());
            Memory.require("keys and values of " + tokens + " tokens", (wanted - pages.pages()) * bytes);
            while (pages.pages() < wanted) {
                pages.add_page();
            }
        }
    }

    /** Frees the pages that lie wholly behind the first {@code tokens}. */
    public void trim(int tokens) {
        open();
        pages.keep_pages(Math.min(pages.pages(), (tokens + pageTokens - 1) / pageTokens));
    }

    /** Tokens that there is room for. */
    public int capacity() {
        return pages.pages() * pageTokens;
    }

    public long nbytes() {
        return closed ? 0 : pages.nbytes();
    }

    public int kvHeads() {
        return kvHeads;
    }

    public int headDim() {
        return headDim;
    }

    /**
     * Writes keys and values {@code [1, H_kv, L, D]} from a position on, at once.
     *
     * @throws IllegalArgumentException when the shapes or the room do not fit
     */
    public void write(Tensor k, Tensor v, int position) {
        open();
        int[] shape = k.shape();
        boolean fits = shape.length == 4 && shape[0] == 1 && shape[1] == kvHeads && shape[3] == headDim;
        if (!fits || !Arrays.equals(shape, v.shape())) {
            throw new IllegalArgumentException("keys " + Arrays.toString(shape) + " and values "
                    + Arrays.toString(v.shape()) + " have to be [1, " + kvHeads + ", tokens, " + headDim + "]");
        }
        if (position < 0 || position + shape[2] > capacity()) {
            throw new IllegalArgumentException(shape[2] + " tokens from position " + position + " on do not fit into "
                    + capacity() + " tokens; reserve first");
        }
        DeviceThread.apply(
                        "kvWrite",
                        (call, in) -> kernels.write_pages(in[0], in[1], pages, position, call.stream()),
                        k,
                        v)
                .eval();
    }

    /** A copy of the first tokens' keys and values, each {@code [1, H_kv, tokens, D]} in F32. */
    public Tensor[] read(int tokens) {
        open();
        if (tokens < 0 || tokens > capacity()) {
            throw new IllegalArgumentException(tokens + " tokens are more than the " + capacity() + " that are stored");
        }
        array[] values = new array[1];
        Tensor keys = DeviceThread.apply("kvRead", (call, in) -> {
            ArrayVector both = call.temp(kernels.read_pages(pages, tokens, call.stream()));
            values[0] = both.get(1);
            return both.get(0);
        });
        Tensor read = DeviceThread.apply("kvRead", (call, in) -> values[0]);
        keys.eval();
        return new Tensor[] {keys, read.eval()};
    }

    KvPages pages() {
        open();
        return pages;
    }

    private void open() {
        if (closed) {
            throw new IllegalStateException("these keys and values are closed");
        }
    }

    /** Frees the memory. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            pages.close();
        }
    }
}
