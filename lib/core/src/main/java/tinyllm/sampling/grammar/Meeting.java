package tinyllm.sampling.grammar;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;

/** The shortest string that two states both accept, found breadth first. */
final class Meeting {

    /** Pairs that are looked at: beyond, two patterns are called too complex to be combined. */
    private static final int LIMIT = 50_000;

    /** To look at a pair's 256 bytes takes as long as so many edges of a state. */
    private static final int STEPS = 16;

    private Meeting() {}

    private record Pair(Machine.State left, Machine.State right) {}

    /** Its length in bytes, or {@link Lengths#NEVER}. */
    static long shortest(Machine.State left, Machine.State right, WorkBudget work) {
        Set<Pair> seen = new HashSet<>();
        Queue<Pair> now = new ArrayDeque<>();
        now.add(new Pair(left, right));
        seen.add(now.element());
        for (long length = 0; !now.isEmpty(); length++) {
            Queue<Pair> after = new ArrayDeque<>();
            for (Pair pair : now) {
                work.spend(STEPS);
                if (pair.left.ends() && pair.right.ends()) {
                    return length;
                }
                spread(pair, seen, after);
            }
            now = after;
        }
        return Lengths.NEVER;
    }

    private static void spread(Pair pair, Set<Pair> seen, Queue<Pair> after) {
        for (int value = 0; value < 256; value++) {
            Machine.State left = pair.left.next(value);
            Machine.State right = left == null ? null : pair.right.next(value);
            if (left != null && right != null) {
                Pair next = new Pair(left, right);
                if (seen.add(next)) {
                    after.add(next);
                }
            }
        }
        if (seen.size() > LIMIT) {
            throw new GrammarException("two conditions on one text take too many states together");
        }
    }
}
