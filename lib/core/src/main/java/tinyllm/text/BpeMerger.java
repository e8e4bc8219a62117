package tinyllm.text;

import java.util.Arrays;

/**
 * Merges the symbols of one piece, lowest rank first and leftmost first among equals, until no pair is left. A linked list of
 * symbols and a heap of candidate pairs make it O(n log n), so a megabyte of one letter is no trap. The workspace belongs to one
 * call of encode.
 */
final class BpeMerger {
    private final MergeTable merges;
    private int[] symbol = new int[64];
    private int[] next = new int[64];
    private int[] previous = new int[64];
    private long[] heap = new long[64];
    private int heapSize;
    private int count;

    BpeMerger(MergeTable merges) {
        this.merges = merges;
    }

    void clear() {
        count = 0;
    }

    /** @param id the token of one byte, or −1 for a byte without a token: it joins nothing and is left out at the end */
    void add(int id) {
        if (count == symbol.length) {
            symbol = Arrays.copyOf(symbol, count * 2);
            next = new int[count * 2];
            previous = new int[count * 2];
        }
        symbol[count++] = id;
    }

    /** A copy of what was added since {@link #clear}. */
    int[] symbols() {
        return Arrays.copyOf(symbol, count);
    }

    void mergeInto(IntList out) {
        link();
        while (heapSize > 0) {
            apply(pop());
        }
        for (int i = 0; i < count; i = next[i]) {
            if (symbol[i] >= 0) {
                out.add(symbol[i]);
            }
        }
    }

    private void link() {
        heapSize = 0;
        for (int i = 0; i < count; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < count; i++) {
            offer(i);
        }
    }

    /** A candidate is stale when one of its two symbols has been merged since; then its rank is not the pair's any more. */
    private void apply(long candidate) {
        int left = (int) candidate;
        int right = next[left];
        if (right >= count || previous[right] != left) {
            return;
        }
        int slot = merges.find(symbol[left], symbol[right]);
        if (slot == MergeTable.NONE || merges.rank(slot) != (int) (candidate >>> 32)) {
            return;
        }
        symbol[left] = merges.result(slot);
        next[left] = next[right];
        previous[right] = Integer.MIN_VALUE;
        symbol[right] = -1;
        next[right] = count; // a dead symbol has no neighbour, so its candidates are stale
        if (next[left] < count) {
            previous[next[left]] = left;
            offer(left);
        }
        if (previous[left] >= 0) {
            offer(previous[left]);
        }
    }

    private void offer(int left) {
        int slot = merges.find(symbol[left], symbol[next[left]]);
        if (slot == MergeTable.NONE) {
            return;
        }
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, heapSize * 2);
        }
        long key = (long) merges.rank(slot) << 32 | left;
        int i = heapSize++;
        while (i > 0 && heap[(i - 1) / 2] > key) {
            heap[i] = heap[(i - 1) / 2];
            i = (i - 1) / 2;
        }
        heap[i] = key;
    }

    private long pop() {
        long top = heap[0];
        long last = heap[--heapSize];
        int i = 0;
        while (2 * i + 1 < heapSize) {
            int child = 2 * i + 1;
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = last;
        return top;
    }
}
