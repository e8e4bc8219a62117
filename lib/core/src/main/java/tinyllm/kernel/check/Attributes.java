package tinyllm.kernel.check;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tinyllm.kernel.check.Words.Word;

/** The spelling of thread attributes: a body only names them, and a misspelt one would be just an unknown variable. */
final class Attributes {
    static final Set<String> KNOWN = Set.of(
            "dispatch_quadgroups_per_threadgroup",
            "dispatch_simdgroups_per_threadgroup",
            "dispatch_threads_per_threadgroup",
            "grid_origin",
            "grid_size",
            "quadgroup_index_in_threadgroup",
            "quadgroups_per_threadgroup",
            "simdgroup_index_in_threadgroup",
            "simdgroups_per_threadgroup",
            "thread_execution_width",
            "thread_index_in_quadgroup",
            "thread_index_in_simdgroup",
            "thread_index_in_threadgroup",
            "thread_position_in_grid",
            "thread_position_in_threadgroup",
            "threadgroup_position_in_grid",
            "threadgroups_per_grid",
            "threads_per_grid",
            "threads_per_simdgroup",
            "threads_per_threadgroup");

    private static final int FAR = 6;

    private Attributes() {}

    /** Names of the body that look like an attribute and are none. */
    static List<Problem> check(List<Word> header, List<Word> body) {
        Set<String> declared = new HashSet<>();
        for (List<Word> words : List.of(header, body)) {
            for (int i = 1; i < words.size(); i++) {
                if (words.get(i - 1).isName() || words.get(i - 1).text().matches("[*&>]")) {
                    declared.add(words.get(i).text());
                }
            }
        }
        List<Problem> problems = new ArrayList<>();
        for (int i = 0; i < body.size(); i++) {
            Word word = body.get(i);
            if (!looksLikeOne(word.text()) || KNOWN.contains(word.text()) || declared.contains(word.text())) {
                continue;
            }
            String nearest = KNOWN.stream()
                    .min(java.util.Comparator.comparingInt((String k) -> distance(k, word.text()))
                            .thenComparing(k -> k))
                    .orElseThrow();
            String advice = distance(nearest, word.text()) <= FAR ? "; did you mean " + nearest + "?" : "";
            problems.add(new Problem(word.line(), word.text() + " is no attribute of a thread" + advice));
        }
        return problems;
    }

    private static boolean looksLikeOne(String word) {
        return word.matches(
                        "(thread|threads|threadgroup|threadgroups|simdgroup|simdgroups|quadgroup|quadgroups|simd|dispatch)_\\w*(_in_|_per_|grid|threadgroup|simdgroup)\\w*")
                && !word.matches("threadgroup_barrier|simdgroup_(barrier|load|store|multiply\\w*|matrix|\\w+8x8)");
    }

    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
