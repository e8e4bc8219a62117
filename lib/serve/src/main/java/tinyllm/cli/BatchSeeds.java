package tinyllm.cli;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A seed for each line of a batch, all from one number: equal prompts get different texts, and a line gets the same one whatever runs
 * beside it. Seeds are below 2⁵³, so that every reader of JSON keeps them whole.
 */
record BatchSeeds(long base) {
    private static final int BITS = 53;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    /**
     * @param asked of the command; null for none
     * @param kept of the output that is gone on with; null for none
     * @throws CommandException when they contradict each other
     */
    static BatchSeeds of(@Nullable Long asked, @Nullable Long kept) {
        if (asked != null && kept != null && !asked.equals(kept)) {
            throw CommandException.wrongUsage("the output was begun with --seed " + kept + ", but --seed is " + asked
                    + ": leave --seed out to go on with " + kept + ", or give --output a new file");
        }
        if (asked != null) {
            return new BatchSeeds(asked);
        }
        return new BatchSeeds(kept != null ? kept : ThreadLocalRandom.current().nextLong(1L << BITS));
    }

    /** SplitMix64's number for a line. */
    long line(int number) {
        long z = base + number * GOLDEN;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return (z ^ (z >>> 31)) >>> (Long.SIZE - BITS);
    }
}
