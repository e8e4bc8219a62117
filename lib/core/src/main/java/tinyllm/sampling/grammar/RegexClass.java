package tinyllm.sampling.grammar;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A class of characters, {@code [a-z\d_]}, and those that have a letter or a property's name. */
final class RegexClass {

    static final CodePoints DIGITS = CodePoints.of('0', '9');
    static final CodePoints WORD =
            DIGITS.or(CodePoints.of('a', 'z')).or(CodePoints.of('A', 'Z')).or(CodePoints.of("_"));
    static final CodePoints SPACE = CodePoints.where(c -> (c >= 9 && c <= 13)
            || c == 0xFEFF
            || c == 0x2028
            || c == 0x2029
            || Character.getType(c) == Character.SPACE_SEPARATOR);

    /** General categories, by the one letter of the group and by the two of the category. */
    private static final Map<String, Byte> CATEGORIES = Map.ofEntries(
            Map.entry("Lu", Character.UPPERCASE_LETTER),
            Map.entry("Ll", Character.LOWERCASE_LETTER),
            Map.entry("Lt", Character.TITLECASE_LETTER),
            Map.entry("Lm", Character.MODIFIER_LETTER),
            Map.entry("Lo", Character.OTHER_LETTER),
            Map.entry("Mn", Character.NON_SPACING_MARK),
            Map.entry("Mc", Character.COMBINING_SPACING_MARK),
            Map.entry("Me", Character.ENCLOSING_MARK),
            Map.entry("Nd", Character.DECIMAL_DIGIT_NUMBER),
            Map.entry("Nl", Character.LETTER_NUMBER),
            Map.entry("No", Character.OTHER_NUMBER),
            Map.entry("Pc", Character.CONNECTOR_PUNCTUATION),
            Map.entry("Pd", Character.DASH_PUNCTUATION),
            Map.entry("Ps", Character.START_PUNCTUATION),
            Map.entry("Pe", Character.END_PUNCTUATION),
            Map.entry("Pi", Character.INITIAL_QUOTE_PUNCTUATION),
            Map.entry("Pf", Character.FINAL_QUOTE_PUNCTUATION),
            Map.entry("Po", Character.OTHER_PUNCTUATION),
            Map.entry("Sm", Character.MATH_SYMBOL),
            Map.entry("Sc", Character.CURRENCY_SYMBOL),
            Map.entry("Sk", Character.MODIFIER_SYMBOL),
            Map.entry("So", Character.OTHER_SYMBOL),
            Map.entry("Zs", Character.SPACE_SEPARATOR),
            Map.entry("Zl", Character.LINE_SEPARATOR),
            Map.entry("Zp", Character.PARAGRAPH_SEPARATOR));

    private static final Map<String, CodePoints> KNOWN = new ConcurrentHashMap<>();

    private RegexClass() {}

    /** @throws GrammarException when the name is none of the general categories */
    static CodePoints property(String name) {
        if (CATEGORIES.keySet().stream()
                .noneMatch(key -> key.equals(name) || key.substring(0, 1).equals(name))) {
            throw new GrammarException(
                    "the property \\p{" + name + "} is not supported; general categories are, as L, Lu, Nd");
        }
        return KNOWN.computeIfAbsent(
                name,
                key -> CodePoints.where(c -> CATEGORIES.entrySet().stream()
                        .anyMatch(e -> e.getKey().startsWith(key) && e.getValue() == Character.getType(c))));
    }

    /** What stands between the brackets; the reader is behind the opening one. */
    static CodePoints parse(Regex in) {
        boolean negated = in.take("^");
        CodePoints all = CodePoints.NONE;
        while (!in.sees("]")) {
            CodePoints low = item(in);
            if (in.sees("-") && !in.sees("-]")) {
                in.take("-");
                all = all.or(span(in, low, item(in)));
            } else {
                all = all.or(low);
            }
        }
        in.take("]");
        return negated ? all.not() : all;
    }

    private static CodePoints span(Regex in, CodePoints low, CodePoints high) {
        if (!single(low) || !single(high)) {
            throw in.bad("a range runs from one character to another");
        }
        int from = low.ranges().getFirst().low();
        int to = high.ranges().getFirst().high();
        if (from > to) {
            throw in.bad("a range runs backwards");
        }
        return CodePoints.of(from, to);
    }

    private static boolean single(CodePoints set) {
        return set.ranges().size() == 1
                && set.ranges().getFirst().low() == set.ranges().getFirst().high();
    }

    private static CodePoints item(Regex in) {
        if (in.ended()) {
            throw in.bad("a [ is not closed");
        }
        if (in.take("\\")) {
            return in.take("b") ? CodePoints.of("\b") : in.escape();
        }
        int point = in.next();
        return CodePoints.of(point, point);
    }
}
