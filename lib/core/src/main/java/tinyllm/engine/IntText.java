package tinyllm.engine;

import java.util.Arrays;

/** A growing text of ids. */
final class IntText {
    private int[] ids;
    private int length;

    IntText(int[] prompt) {
        this.ids = prompt;
        this.length = prompt.length;
    }

    int length() {
        return length;
    }

    void add(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, Math.max(16, length + length / 2));
        }
        ids[length++] = id;
    }

    int[] range(int from, int to) {
        return Arrays.copyOfRange(ids, from, to);
    }

    int[] all() {
        return range(0, length);
    }
}
