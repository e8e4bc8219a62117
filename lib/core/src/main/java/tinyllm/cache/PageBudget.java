package tinyllm.cache;

import org.jspecify.annotations.Nullable;
import tinyllm.kernel.KvKind;
import tinyllm.tensor.Memory;

/**
 * How large a pool of pages is to be, and what its pages hold.
 *
 * @param unit what amount counts
 * @param pageTokens 16, 32, 64 or 128
 * @param kind how keys and values are stored; null for the model's own choice
 */
public record PageBudget(
        Unit unit, double amount, int pageTokens, @Nullable KvKind kind) {

    /** What a budget counts. */
    public enum Unit {
        BYTES,
        /** A part of the memory that the budget of tensors leaves when the pool is made, between 0 and 1. */
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
        return new PageBudget(Unit.BYTES, bytes, 16, null);
    }

    public static PageBudget share(double ofFreeMemory) {
        return new PageBudget(Unit.SHARE_OF_FREE_MEMORY, ofFreeMemory, 16, null);
    }

    /** Room for so many tokens, in whole pages. */
    public static PageBudget tokens(int tokens) {
        return new PageBudget(Unit.TOKENS, tokens, 16, null);
    }

    public PageBudget pageTokens(int tokens) {
        return new PageBudget(unit, amount, tokens, kind);
    }

    public PageBudget kind(KvKind stored) {
        return new PageBudget(unit, amount, pageTokens, stored);
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
