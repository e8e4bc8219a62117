package tinyllm.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.List;
import java.util.Map;

/** Python's {@code str()} and {@code repr()}. */
final class Printer {
    private Printer() {}

    /** {@code str(value)}; a string stays as it is. */
    static Str str(Object value, Budget budget) {
        return switch (value) {
            case Str s -> s;
            case Undefined u -> Str.EMPTY;
            default -> {
                StrBuilder out = new StrBuilder(budget);
                repr(value, out, budget);
                yield out.build();
            }
        };
    }

    static void repr(Object value, StrBuilder out, Budget budget) {
        budget.step();
        budget.enter();
        switch (value) {
            case Str s -> reprText(s, out);
            case Range r -> throw unprintable("range");
            case List<?> list -> reprList(list, out, budget);
            case Map<?, ?> map -> reprMap(map, out, budget);
            case Undefined u -> out.data("Undefined");
            default -> out.data(scalar(value));
        }
        budget.leave();
    }

    /** Numbers, truth values and None as Python prints them. */
    static String scalar(Object value) {
        return switch (value) {
            case None n -> "None";
            case Boolean b -> b ? "True" : "False";
            case Long n -> n.toString();
            case BigInteger n -> n.toString();
            case Double d -> number(d);
            default -> throw unprintable(Values.typeName(value));
        };
    }

    private static TemplateException unprintable(String type) {
        return new TemplateException("a value of type '" + type + "' can't be printed");
    }

    /** The shortest digits that give the number back; exponents below −4 and from 16 on. */
    static String number(double d) {
        if (Double.isNaN(d)) {
            return "nan";
        }
        if (Double.isInfinite(d)) {
            return d > 0 ? "inf" : "-inf";
        }
        if (d == 0) {
            return 1 / d < 0 ? "-0.0" : "0.0";
        }
        BigDecimal value = shortest(d);
        int exponent = value.precision() - value.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = value.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String digits = value.unscaledValue().abs().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return (d < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    /** Java writes two digits at least, which matters for the very smallest numbers only. */
    private static BigDecimal shortest(double d) {
        BigDecimal value = new BigDecimal(Double.toString(d)).stripTrailingZeros();
        BigDecimal one = value.round(new MathContext(1));
        return one.doubleValue() == d ? one.stripTrailingZeros() : value;
    }

    private static void reprList(List<?> list, StrBuilder out, Budget budget) {
        boolean tuple = list instanceof Tuple;
        out.data(tuple ? "(" : "[");
        String separator = "";
        for (Object item : list) {
            out.data(separator);
            repr(item, out, budget);
            separator = ", ";
        }
        out.data(tuple && list.size() == 1 ? ",)" : tuple ? ")" : "]");
    }

    private static void reprMap(Map<?, ?> map, StrBuilder out, Budget budget) {
        out.data("{");
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.data(separator);
            repr(entry.getKey(), out, budget);
            out.data(": ");
            repr(entry.getValue(), out, budget);
            separator = ", ";
        }
        out.data("}");
    }

    private static void reprText(Str s, StrBuilder out) {
        boolean doubleQuotes = s.text().contains("'") && !s.text().contains("\"");
        String quote = doubleQuotes ? "\"" : "'";
        out.data(quote);
        s.forEachRun((run, template) -> out.append(escape(run, quote.charAt(0)), template));
        out.data(quote);
    }

    private static String escape(String text, char quote) {
        if (text.chars().allMatch(c -> c >= ' ' && c <= '~' && c != '\\' && c != quote)) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (c == ' ' || isPrintable(c)) {
                        out.appendCodePoint(c);
                    } else {
                        out.append(String.format(c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
                    }
                }
            }
        });
        return out.toString();
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }
}
