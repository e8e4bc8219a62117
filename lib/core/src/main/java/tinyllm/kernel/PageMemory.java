package tinyllm.kernel;

import java.util.Arrays;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.array;
import org.jspecify.annotations.Nullable;
import tinyllm.natives.kernels;
import tinyllm.natives.kernels.KvMemory;
import tinyllm.tensor.DType;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Tensor;

/**
 * The memory of a model's pages, in all layers: one native allocation that never moves, which kernels write in place. It does not know
 * who owns which page. For one thread at a time.
 */
public final class PageMemory implements AutoCloseable {
    private final PageForm form;
    private final int pages;
    private final KvMemory memory;
    private final @Nullable RopeTable angles; // for keys before their rotation
    private int turned; // positions that native memory has angles for
    private boolean closed;

    /** @throws tinyllm.tensor.TensorMemoryException when the bytes are not there */
    public PageMemory(PageForm form, int pages) {
        this(form, pages, null);
    }

    /** @param turn what keys get when they are read, which the form may ask for; null for nothing */
    public PageMemory(PageForm form, int pages, @Nullable KeyTurn turn) {
        if (pages < 1) {
            throw new IllegalArgumentException(pages + " pages hold nothing; there has to be at least one");
        }
        KeyTurn.check(form, turn);
        this.form = form;
        this.pages = pages;
        this.angles = form.beforeRotation() && turn != null ? new RopeTable(form.headDim(), turn.theta()) : null;
        Memory.require(pages + " pages of " + form.pageTokens() + " tokens", Math.multiplyExact(form.pageBytes(), (long)
                pages));
        this.memory = new KvMemory(
                form.layers(),
                form.kvHeads(),
                form.headDim(),
                form.pageTokens(),
                form.keys().code(),
                form.values().code(),
                form.beforeRotation(),
                turn != null && turn.neighbours(),
                pages);
        if (turn != null && form.beforeRotation()) {
            turn.biases().forEach(this::addBias);
        }
    }

    private void addBias(Tensor bias) {
        DeviceThread.run(
                "keyBias",
                (call, in) -> memory.add_bias(in[0]),
                bias.astype(DType.F32).contiguous());
    }

    /** Makes sure that keys of so many positions can be turned. */
    void reach(int positions) {
        if (angles == null || positions <= turned) {
            return;
        }
        Tensor[] tables = angles.byBlocks(positions);
        turned = angles.positions();
        DeviceThread.run("keyAngles", (call, in) -> open().set_angles(in[0], in[1]), tables[0], tables[1]);
    }

    public PageForm form() {
        return form;
    }

    /** How many there are. */
    public int pages() {
        return pages;
    }

    public long nbytes() {
        return closed ? 0 : form.pageBytes() * pages;
    }

    /** Copies a page in every layer, at once. */
    public void copy(int from, int to) {
        check(from);
        check(to);
        if (from == to) {
            throw new IllegalArgumentException("page " + from + " can't be copied onto itself");
        }
        DeviceThread.run("copyPage", (call, in) -> open().copy_page(from, to));
    }

    /** Fills a page with NaN, so that a test sees who reads what nobody wrote. */
    public void poison(int page) {
        check(page);
        DeviceThread.run("poisonPage", (call, in) -> open().fill_page(page, 0xff));
    }

    /**
     * Writes a layer's rotated keys, and values {@code [1, H_kv, L, D]}, for the one sequence of the tables, at once.
     *
     * @throws IllegalArgumentException when the shapes do not fit
     */
    public void write(int layer, BlockTables tables, Tensor k, Tensor v) {
        checkLayer(layer);
        tables.requireOf(this);
        int[] shape = k.shape();
        boolean fits = shape.length == 4 && shape[0] == 1 && shape[1] == form.kvHeads() && shape[3] == form.headDim();
        if (!fits || !Arrays.equals(shape, v.shape()) || tables.sequences() != 1 || tables.rows() != shape[2]) {
            throw new IllegalArgumentException("keys " + Arrays.toString(shape) + " and values "
                    + Arrays.toString(v.shape()) + " have to be [1, " + form.kvHeads() + ", " + tables.rows() + ", "
                    + form.headDim() + "] for one sequence");
        }
        DeviceThread.apply(
                        "pagesWrite",
                        (call, in) -> kernels.write_pages(in[0], in[1], tables.tables(), layer, call.stream()),
                        k,
                        v)
                .eval();
    }

    /** A copy of the first tokens' keys and values of the tables' first sequence, each {@code [1, H_kv, tokens, D]} in F32. */
    public Tensor[] read(int layer, BlockTables tables, int tokens) {
        checkLayer(layer);
        tables.requireOf(this);
        tables.requireRead(tokens);
        array[] values = new array[1];
        Tensor keys = DeviceThread.apply("pagesRead", (call, in) -> {
            ArrayVector both = call.temp(kernels.read_pages(tables.tables(), layer, tokens, call.stream()));
            values[0] = both.get(1);
            return both.get(0);
        });
        Tensor read = DeviceThread.apply("pagesRead", (call, in) -> values[0]);
        keys.eval();
        return new Tensor[] {keys, read.eval()};
    }

    void checkLayer(int layer) {
        if (layer < 0 || layer >= form.layers()) {
            throw new IllegalArgumentException("layer " + layer + " is not in 0…" + (form.layers() - 1));
        }
    }

    private void check(int page) {
        if (page < 0 || page >= pages) {
            throw new IllegalArgumentException("page " + page + " is not in 0…" + (pages - 1));
        }
    }

    KvMemory open() {
        if (closed) {
            throw new IllegalStateException("these pages are closed");
        }
        return memory;
    }

    /** Frees the memory. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            memory.close();
        }
    }
}
