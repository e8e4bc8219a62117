package tinyllm.weights;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** The names that a mistyped one may have meant. */
final class NearestNames {
    private NearestNames() {}

    static List<String> of(String name, Collection<String> names, int count) {
        return names.stream()
                .sorted(Comparator.<String>comparingInt(other -> distance(name, other))
                        .thenComparing(other -> other))
                .limit(count)
                .toList();
    }

    /** Levenshtein's distance, ignoring case. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
                int replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
