package tinyllm.kernel.check;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tinyllm.kernel.check.Words.Word;

/** Functions that call themselves, on their own or through others: a GPU has no stack for them. */
final class Recursion {
    private static final Set<String> NO_FUNCTION =
            Set.of("if", "for", "while", "switch", "return", "sizeof", "alignas", "decltype");

    private record Function(String name, int line, Set<String> calls) {}

    private Recursion() {}

    static List<Problem> check(List<Word> words) {
        Map<String, Function> functions = new LinkedHashMap<>();
        int i = 0;
        while (i + 1 < words.size()) {
            int body = isCallLike(words, i) ? bodyAfter(words, i + 1) : -1;
            if (body < 0) {
                i++;
                continue;
            }
            int end = closing(words, body, "{", "}");
            Function function = new Function(words.get(i).text(), words.get(i).line(), new LinkedHashSet<>());
            Function known = functions.putIfAbsent(function.name, function);
            Function target = known == null ? function : known;
            for (int k = body; k < end; k++) {
                if (isCallLike(words, k)) {
                    target.calls.add(words.get(k).text());
                }
            }
            i = end;
        }
        List<Problem> problems = new ArrayList<>();
        functions.values().forEach(f -> {
            List<String> path = pathBack(f.name, f.name, functions, new LinkedHashSet<>());
            if (!path.isEmpty()) {
                problems.add(new Problem(
                        f.line,
                        "Metal has no recursion, and " + f.name + " calls itself: " + String.join(" -> ", path)));
            }
        });
        return problems;
    }

    private static boolean isCallLike(List<Word> words, int i) {
        return words.get(i).isName()
                && i + 1 < words.size()
                && words.get(i + 1).text().equals("(")
                && !NO_FUNCTION.contains(words.get(i).text());
    }

    // name(…) {, perhaps with const between
    private static int bodyAfter(List<Word> words, int open) {
        int after = closing(words, open, "(", ")") + 1;
        if (after < words.size() && words.get(after).text().equals("const")) {
            after++;
        }
        return after < words.size() && words.get(after).text().equals("{") ? after : -1;
    }

    private static int closing(List<Word> words, int open, String opening, String closing) {
        int depth = 0;
        for (int i = open; i < words.size(); i++) {
            depth += words.get(i).text().equals(opening)
                    ? 1
                    : words.get(i).text().equals(closing) ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        return words.size() - 1;
    }

    private static List<String> pathBack(String from, String goal, Map<String, Function> functions, Set<String> seen) {
        Function function = functions.get(from);
        if (function == null || !seen.add(from)) {
            return List.of();
        }
        for (String next : function.calls) {
            List<String> rest = next.equals(goal) ? List.of(goal) : pathBack(next, goal, functions, seen);
            if (!rest.isEmpty()) {
                List<String> path = new ArrayList<>(List.of(from));
                path.addAll(rest);
                return path;
            }
        }
        return List.of();
    }
}
