package tinyllm.kernel;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * Pages as the bytes that the CPU kernels' pages have, for {@link PagedAttention}: numbers of each kind, codes among them. {@code
 * native/src/main/cpp/tinyllm/kv.h} says where in a page each number lies. For one thread at a time.
 */
public final class CodedPages {
    private final PageForm form;
    private final Tensor bytes;
    private final @Nullable KeyTurn turn;
    private final @Nullable RopeTable angles; // for keys before their rotation
    private Tensor[] turns = {}; // cosines and sines of the positions so far

    /**
     * @param bytes U8 {@code [pages, bytes of a page in all layers]}
     * @param turn what keys get when they are read, which the form may ask for; null for nothing
     * @throws KernelException when the bytes are not those of such pages
     * @throws IllegalArgumentException when the turn does not fit the form
     */
    public CodedPages(PageForm form, Tensor bytes, @Nullable KeyTurn turn) {
        KeyTurn.check(form, turn);
        Demand.rank("pages", "bytes", bytes, 2);
        Demand.dtype("pages", "bytes", bytes, DType.U8);
        Demand.that(
                bytes.dim(1) == form.pageBytes(),
                "pages",
                "bytes has " + bytes.dim(1) + " of each page, and a page of " + form.layers() + " layers, "
                        + form.kvHeads() + " KV heads of " + form.headDim() + " and " + form.pageTokens()
                        + " tokens with " + form.keys() + " keys and " + form.values() + " values has "
                        + form.pageBytes());
        this.form = form;
        this.bytes = bytes;
        this.turn = form.beforeRotation() ? turn : null;
        this.angles = this.turn == null ? null : new RopeTable(form.headDim(), this.turn.theta());
    }

    public PageForm form() {
        return form;
    }

    /** How many there are. */
    public int pages() {
        return bytes.dim(0);
    }

    Tensor bytes() {
        return bytes;
    }

    /** The byte of a page at which a layer's part begins, {@code [1]}. */
    Tensor start(int layer) {
        return Tensor.of(new int[] {Math.toIntExact(layer * form.layerBytes())}, 1);
    }

    /** What is added to a layer's keys, {@code [H_kv, D]}: zeros for a model without biases. */
    Tensor bias(int layer) {
        return turn == null || turn.biases().isEmpty()
                ? Tensor.zeros(DType.F32, form.kvHeads(), form.headDim())
                : turn.biases().get(layer).astype(DType.F32).reshape(form.kvHeads(), form.headDim());
    }

    /** Cosines and sines of at least so many positions, {@code [positions / 16, D / 2, 16]} each; keys that need none get what is not read. */
    Tensor[] angles(int positions) {
        if (angles == null) {
            Tensor nothing =
                    Tensor.zeros(DType.F32, KernelSignature.CONSTANT_BELOW); // in the address space of the others
            return new Tensor[] {nothing, nothing};
        }
        if (turns.length == 0 || positions > angles.positions()) {
            turns = angles.byBlocks(positions);
        }
        return turns;
    }

    /** The template arguments of the kernels. */
    Launch templates(Launch launch) {
        return launch.template("KEYS", form.keys().code())
                .template("VALUES", form.values().code())
                .template("D", form.headDim())
                .template("DIM", form.storedDim())
                .template("PAGE", form.pageTokens())
                .template("TURN", turn != null)
                .template("NEIGHBOURS", turn != null && turn.neighbours());
    }
}
