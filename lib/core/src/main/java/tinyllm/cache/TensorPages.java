package tinyllm.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.PageForm;
import tinyllm.kernel.PageMemory;
import tinyllm.tensor.DType;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * Pages as plain tensors, one for each page and layer: on any device. A step gathers a sequence's pages into one tensor, which
 * {@link NativePages} spares.
 */
final class TensorPages implements PageStore {
    private final PageForm form;
    private final DType dtype;
    private final @Nullable KeysValues[][] slots; // [page][layer]: {@code [1, H_kv, tokens so far, D]}
    private boolean closed;

    TensorPages(PageForm form, int pages) {
        if (form.keys().isQuantized() || form.keys() != form.values()) {
            throw new IllegalArgumentException("pages of " + form.keys() + " keys and " + form.values()
                    + " values are read by this lab's CPU kernels alone; on " + tinyllm.tensor.Device.current()
                    + " take F32, F16 or BF16 for both");
        }
        Memory.require(
                pages + " pages of " + form.pageTokens() + " tokens", Math.multiplyExact(form.pageBytes(), pages));
        this.form = form;
        this.dtype = DType.valueOf(form.keys().name());
        this.slots = new KeysValues[pages][form.layers()];
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
            List<Tensor> keys = gathered(layer, pages, position, true);
            List<Tensor> values = gathered(layer, pages, position, false);
            keys.add(step.keys().astype(dtype));
            values.add(step.values().astype(dtype));
            KeysValues all = new KeysValues(joined(keys), joined(values));
            int size = form.pageTokens();
            for (int page = position / size; page * size < end; page++) {
                int to = Math.min(end, (page + 1) * size);
                slots[pages[page]][layer] =
                        new KeysValues(piece(all.keys(), page * size, to), piece(all.values(), page * size, to));
            }
            return new KeysValues(
                    scope.keep(all.keys().astype(given).eval()),
                    scope.keep(all.values().astype(given).eval()));
        }
    }

    private List<Tensor> gathered(int layer, int[] pages, int tokens, boolean keys) {
        List<Tensor> all = new ArrayList<>();
        for (int page = 0; page * form.pageTokens() < tokens; page++) {
            KeysValues slot = slots[pages[page]][layer];
            if (slot == null) {
                throw new IllegalStateException("page " + pages[page] + " is read, and nobody wrote it");
            }
            Tensor one = keys ? slot.keys() : slot.values();
            all.add(one.slice(2, 0, Math.min(form.pageTokens(), tokens - page * form.pageTokens())));
        }
        return all;
    }

    private static Tensor joined(List<Tensor> parts) {
        return parts.size() == 1 ? parts.getFirst() : Tensor.concat(2, parts.toArray(new Tensor[0]));
    }

    /** A copy, so that the whole it comes from can go. */
    private static Tensor piece(Tensor all, int from, int to) {
        return Scope.escape(all.slice(2, from, to).contiguous().eval());
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
        for (@Nullable KeysValues[] page : slots) {
            for (KeysValues slot : page) {
                bytes += slot == null ? 0 : slot.keys().nbytes() + slot.values().nbytes();
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
        for (@Nullable KeysValues[] page : slots) {
            Arrays.fill(page, null);
        }
    }
}
