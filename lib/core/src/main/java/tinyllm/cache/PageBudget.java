package tinyllm.cache;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.KvKind;
import tinyllm.kernel.PageForm;
import tinyllm.tensor.Memory;

/**
 * How large a pool of pages is to be, and what its pages hold.
 *
 * @param unit what amount counts
 * @param pageTokens 16, 32, 64 or 128
 * @param keys how keys are stored; null for the model's own choice
 * @param values how values are stored; null for the model's own choice
 * @param rotated quantized keys are stored as attention reads them, rotated and with their bias. That loses much on models whose keys
 *     have large biases (chapter 4.1); without it they are stored before both
 * @param owners counts who has which page; asked anew for each pool
 */
public record PageBudget(
        Unit unit,
        double amount,
        int pageTokens,
        @Nullable KvKind keys,
        @Nullable KvKind values,
        boolean rotated,
        Supplier<? extends SharedPages> owners) {

    /** What a budget counts. */
    public enum Unit {
        BYTES,
        /** A part of the memory that the budget of tensors leaves when the pool is made, between 0 and 1; an engine keeps a step's first. */
        SHARE_OF_FREE_MEMORY,
        TOKENS
    }

    public PageBudget {
        boolean share = unit == Unit.SHARE_OF_FREE_MEMORY;
        if (!(amount > 0) || Double.isInfinite(amount) || (share && amount > 1)) {
            throw new IllegalArgumentException("a budget of " + amount + " is not possible: "
                    + (share ? "a share is above 0, and 1 at most" : "it has to be above 0"));
        }
        if (pageTokens != 16 && pageTokens != 32 && pageTokens != 64 && pageTokens != 128) {
            throw new IllegalArgumentException(
                    "a page of " + pageTokens + " tokens is not possible; 16, 32, 64 or 128 are");
        }
    }

    public static PageBudget bytes(long bytes) {
        return new PageBudget(Unit.BYTES, bytes, 16, null, null, false, ListedPages::new);
    }

    public static PageBudget share(double ofFreeMemory) {
        return new PageBudget(Unit.SHARE_OF_FREE_MEMORY, ofFreeMemory, 16, null, null, false, ListedPages::new);
    }

    /** Room for so many tokens, in whole pages. */
    public static PageBudget tokens(int tokens) {
        return new PageBudget(Unit.TOKENS, tokens, 16, null, null, false, ListedPages::new);
    }

    /** The same pages, with room for so many tokens. */
    public PageBudget room(int forTokens) {
        return new PageBudget(Unit.TOKENS, forTokens, pageTokens, keys, values, rotated, owners);
    }

    /** The same pages, in bytes: a share becomes that share of these, so that a pool made later has the same size. */
    public PageBudget within(long freeBytes) {
        return unit == Unit.SHARE_OF_FREE_MEMORY
                ? new PageBudget(Unit.BYTES, amount * freeBytes, pageTokens, keys, values, rotated, owners)
                : this;
    }

    public PageBudget pageTokens(int tokens) {
        return new PageBudget(unit, amount, tokens, keys, values, rotated, owners);
    }

    /** Keys and values stored so. */
    public PageBudget kind(KvKind stored) {
        return keys(stored).values(stored);
    }

    public PageBudget keys(KvKind stored) {
        return new PageBudget(unit, amount, pageTokens, stored, values, rotated, owners);
    }

    public PageBudget values(KvKind stored) {
        return new PageBudget(unit, amount, pageTokens, keys, stored, rotated, owners);
    }

    /** Quantized keys stored as attention reads them. */
    public PageBudget rotatedKeys() {
        return new PageBudget(unit, amount, pageTokens, keys, values, true, owners);
    }

    /** Pages whose owners are counted by this, a learner's for instance (chapters 3.1 and 4.2). */
    public PageBudget ownedBy(Supplier<? extends SharedPages> other) {
        return new PageBudget(unit, amount, pageTokens, keys, values, rotated, other);
    }

    /** What the pages look like, for a model that would store keys and values as {@code own}. */
    PageForm form(int layers, int kvHeads, int headDim, KvKind own) {
        KvKind k = keys == null ? own : keys;
        KvKind v = values == null ? own : values;
        return new PageForm(layers, kvHeads, headDim, pageTokens, k, v, k.isQuantized() && !rotated);
    }

    /**
     * The number of pages, for pages of that many bytes.
     *
     * @throws IllegalArgumentException when it is not enough for one
     */
    int pages(long pageBytes) {
        double bytes = switch (unit) {
            case BYTES -> amount;
            case SHARE_OF_FREE_MEMORY -> amount * Math.max(0, Memory.budget() - Memory.activeBytes());
            case TOKENS -> Math.ceil(amount / pageTokens) * pageBytes;
        };
        long pages = (long) Math.floor(bytes / pageBytes);
        if (pages < 1) {
            throw new IllegalArgumentException("a budget of " + (long) bytes + " bytes is less than one page of "
                    + pageTokens + " tokens, which takes " + pageBytes);
        }
        return (int) Math.min(pages, Integer.MAX_VALUE / 2);
    }
}
