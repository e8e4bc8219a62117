package tinyllm.text;

import java.util.Arrays;

/**
 * Which two neighbouring tokens may become one, and in which order of rank: an open-addressing hash table from a pair of ids to
 * its rank and its result, without boxing. Immutable once built.
 */
final class MergeTable implements Merges {
    static final int NONE = -1;

    private final long[] keys;
    private final int[] ranks;
    private final int[] results;
    private final int mask;

    MergeTable(int merges) {
        int slots = Integer.highestOneBit(Math.max(4, merges)) * 4;
        keys = new long[slots];
        Arrays.fill(keys, NONE);
        ranks = new int[slots];
        results = new int[slots];
        mask = slots - 1;
    }

    /** @return false if the pair is already there */
    boolean add(int left, int right, int rank, int result) {
        long key = key(left, right);
        int slot = hash(key);
        while (keys[slot] != NONE) {
            if (keys[slot] == key) {
                return false;
            }
            slot = (slot + 1) & mask;
        }
        keys[slot] = key;
        ranks[slot] = rank;
        results[slot] = result;
        return true;
    }

    /** The slot of a pair, for {@link #rank} and {@link #result}, or {@link #NONE}. */
    int find(int left, int right) {
        if ((left | right) < 0) {
            return NONE;
        }
        long key = key(left, right);
        int slot = hash(key);
        while (keys[slot] != key) {
            if (keys[slot] == NONE) {
                return NONE;
            }
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    int rank(int slot) {
        return ranks[slot];
    }

    int result(int slot) {
        return results[slot];
    }

    @Override
    public int rank(int left, int right) {
        int slot = find(left, right);
        return slot == NONE ? NEVER : ranks[slot];
    }

    @Override
    public int result(int left, int right) {
        int slot = find(left, right);
        if (slot == NONE) {
            throw new IllegalArgumentException("the tokens " + left + " and " + right
                    + " never merge: ask rank(left, right) first, and merge only where it is below Merges.NEVER");
        }
        return results[slot];
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }

    private int hash(long key) {
        long h = key * 0x9E3779B97F4A7C15L;
        return (int) (h >>> 40) & mask;
    }
}
