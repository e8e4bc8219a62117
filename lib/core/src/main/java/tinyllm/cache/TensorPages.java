package tinyllm.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.KeyTurn;
import tinyllm.kernel.PageForm;
import tinyllm.kernel.PageMemory;
import tinyllm.tensor.DType;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * Pages as plain tensors for each page and layer, of numbers or of codes: on any device. A step gathers a sequence's pages into one
 * tensor, and unpacks and turns it if need be, which {@link NativePages} spares.
 */
final class TensorPages implements PageStore {

    /** One layer's part of a page, as {@link NumbersOfKind} packs it: the tokens so far on axis 2. */
    private record Slot(Tensor[] keys, Tensor[] values) {
        long nbytes() {
            return Stream.of(keys, values)
                    .flatMap(Arrays::stream)
                    .mapToLong(Tensor::nbytes)
                    .sum();
        }
    }

    private final PageForm form;
    private final NumbersOfKind keys;
    private final NumbersOfKind values;
    private final @Nullable KeyTurner turner; // for keys before their rotation
    private final @Nullable Slot[][] slots; // [page][layer]
    private boolean closed;

    TensorPages(PageForm form, int pages, @Nullable KeyTurn turn) {
        KeyTurn.check(form, turn);
        Memory.require(
                pages + " pages of " + form.pageTokens() + " tokens", Math.multiplyExact(form.pageBytes(), pages));
        this.form = form;
        this.keys = new NumbersOfKind(form.keys(), form.headDim());
        this.values = new NumbersOfKind(form.values(), form.headDim());
        this.turner = form.beforeRotation() && turn != null ? new KeyTurner(form, turn) : null;
        this.slots = new Slot[pages][form.layers()];
    }

    @Override
    public PageForm form() {
        return form;
    }

    @Override
    public KeysValues append(int layer, int[] pages, int position, KeysValues step) {
        if (closed) {
            throw new IllegalStateException("these pages are closed");
        }
        int end = position + step.keys().dim(2);
        DType given = step.keys().dtype();
        try (Scope scope = Scope.open()) {
            Tensor plain = turner == null ? step.keys() : turner.before(step.keys(), layer, position);
            Tensor[] k = joined(layer, pages, position, Slot::keys, keys.pack(plain));
            Tensor[] v = joined(layer, pages, position, Slot::values, values.pack(step.values()));
            int size = form.pageTokens();
            for (int page = position / size; page * size < end; page++) {
                int to = Math.min(end, (page + 1) * size);
                slots[pages[page]][layer] = new Slot(pieces(k, page * size, to), pieces(v, page * size, to));
            }
            Tensor all = keys.unpack(k);
            Tensor turned = turner == null ? all : turner.after(all, layer);
            return new KeysValues(
                    scope.keep(turned.astype(given).eval()),
                    scope.keep(values.unpack(v).astype(given).eval()));
        }
    }

    /** The first tokens' keys, or values, and the step's behind them. */
    private Tensor[] joined(int layer, int[] pages, int tokens, Function<Slot, Tensor[]> part, Tensor[] step) {
        Tensor[] all = new Tensor[step.length];
        for (int i = 0; i < step.length; i++) {
            List<Tensor> parts = new ArrayList<>();
            for (int page = 0; page * form.pageTokens() < tokens; page++) {
                Slot slot = slots[pages[page]][layer];
                if (slot == null) {
                    throw new IllegalStateException("page " + pages[page] + " is read, and nobody wrote it");
                }
                int known = Math.min(form.pageTokens(), tokens - page * form.pageTokens());
                parts.add(part.apply(slot)[i].slice(2, 0, known));
            }
            parts.add(step[i]);
            all[i] = parts.size() == 1 ? step[i] : Tensor.concat(2, parts.toArray(new Tensor[0]));
        }
        return all;
    }

    /** Copies, so that the whole they come from can go. */
    private static Tensor[] pieces(Tensor[] all, int from, int to) {
        return Arrays.stream(all)
                .map(t -> Scope.escape(t.slice(2, from, to).contiguous().eval()))
                .toArray(Tensor[]::new);
    }

    @Override
    public void copy(int from, int to) {
        slots[to] = slots[from].clone();
    }

    @Override
    public void freed(int page) {
        Arrays.fill(slots[page], null);
    }

    /** A free page holds nothing at all here. */
    @Override
    public void poison(int page) {
        freed(page);
    }

    @Override
    public long nbytes() {
        long bytes = 0;
        for (@Nullable Slot[] page : slots) {
            for (Slot slot : page) {
                bytes += slot == null ? 0 : slot.nbytes();
            }
        }
        return bytes;
    }

    @Override
    public @Nullable PageMemory memory() {
        return null;
    }

    @Override
    public void close() {
        closed = true;
        for (@Nullable Slot[] page : slots) {
            Arrays.fill(page, null);
        }
    }
}
