package tinyllm.lab.mutation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tinyllm.lab.mutation.Answer.Range;

/** Small changes of a kernel's text in C++ or Metal, which stands in a text block: no Java tree knows its operators. */
final class TextMutator {

    private static final Map<String, List<String>> SWAPS = Map.ofEntries(
            Map.entry("+", List.of("-")),
            Map.entry("-", List.of("+")),
            Map.entry("*", List.of("+")),
            Map.entry("/", List.of("*", "%")),
            Map.entry("%", List.of("/")),
            Map.entry("<", List.of("<=")),
            Map.entry(">", List.of(">=")),
            Map.entry("<=", List.of("<")),
            Map.entry(">=", List.of(">")),
            Map.entry("==", List.of("!=")),
            Map.entry("!=", List.of("==")),
            Map.entry("+=", List.of("-=", "=")),
            Map.entry("*=", List.of("=")),
            Map.entry("&&", List.of("||")),
            Map.entry("&", List.of("|")),
            Map.entry(">>", List.of("<<")));

    /** Blanks on both sides: what is written without them (pointers, ++, {@code &}) is left alone. */
    private static final Pattern OPERATOR = Pattern.compile("(?<= )(\\+=|\\*=|<=|>=|==|!=|&&|>>|[-+*/%<>&])(?= )");

    private static final Pattern NUMBER = Pattern.compile("(?<![\\w.])\\d+(?![\\w.])");
    private static final Pattern STATEMENT = Pattern.compile("(?m)^ *(?:[\\w.\\[\\]]+ [-+*/]?= .*|\\w+\\(.*\\));$");

    private TextMutator() {}

    static List<Mutant> mutants(Answer answer) {
        Map<String, Mutant> found = new LinkedHashMap<>();
        for (Range range : answer.solution()) {
            String text = answer.source().substring(range.from(), range.to());
            for (Edit edit : edits(text)) {
                Edit moved = new Edit(range.from() + edit.from(), range.from() + edit.to(), edit.text());
                Mutant mutant = Mutant.of(answer, moved);
                found.putIfAbsent(mutant.source(), mutant);
            }
        }
        return List.copyOf(found.values());
    }

    private static List<Edit> edits(String text) {
        List<Edit> edits = new ArrayList<>();
        Matcher operator = OPERATOR.matcher(text);
        while (operator.find()) {
            for (String other : SWAPS.getOrDefault(operator.group(), List.of())) {
                edits.add(new Edit(operator.start(), operator.end(), other));
            }
        }
        Matcher number = NUMBER.matcher(text);
        while (number.find()) {
            int value = Integer.parseInt(number.group());
            edits.add(new Edit(number.start(), number.end(), Integer.toString(value + 1)));
            if (value > 0) {
                edits.add(new Edit(number.start(), number.end(), Integer.toString(value - 1)));
            }
        }
        Matcher statement = STATEMENT.matcher(text);
        while (statement.find()) {
            edits.add(new Edit(statement.start(), statement.end(), ";"));
        }
        return edits;
    }
}
