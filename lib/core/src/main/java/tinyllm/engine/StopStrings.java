package tinyllm.engine;

import java.util.List;

/** Holds back what may be the begin of a stop string, and ends a text before the first one that is complete. For one request. */
final class StopStrings {

    private final List<String> strings;
    private final StringBuilder held = new StringBuilder();
    private boolean found;

    StopStrings(List<String> strings) {
        this.strings = strings;
    }

    /** A stop string is complete: nothing comes after what was returned. */
    boolean found() {
        return found;
    }

    /** The text that is certain with this piece. */
    String push(String piece) {
        if (found || strings.isEmpty()) {
            return found ? "" : piece;
        }
        held.append(piece);
        int first = Integer.MAX_VALUE;
        for (String string : strings) {
            int at = held.indexOf(string);
            first = at < 0 ? first : Math.min(first, at);
        }
        found = first < Integer.MAX_VALUE;
        return release(found ? first : held.length() - mayBegin());
    }

    /** What was held back and turned out to be text. */
    String finish() {
        return found ? "" : release(held.length());
    }

    /** Characters at the end that a stop string may begin with. */
    private int mayBegin() {
        int longest = 0;
        for (String string : strings) {
            for (int n = Math.min(string.length() - 1, held.length()); n > longest; n--) {
                if (held.substring(held.length() - n).equals(string.substring(0, n))) {
                    longest = n;
                }
            }
        }
        return longest;
    }

    private String release(int count) {
        String text = held.substring(0, count);
        held.delete(0, count);
        return text;
    }
}
