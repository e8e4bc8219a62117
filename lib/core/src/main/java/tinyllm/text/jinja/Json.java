package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code json.dumps} with the settings that chat templates are rendered with: no HTML escapes, any character as it is. */
final class Json {
    private final StrBuilder out;
    private final Budget budget;
    private final @Nullable String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean ascii;
    private final boolean sortKeys;

    private Json(Args args) {
        budget = args.budget();
        out = new StrBuilder(budget);
        ascii = Values.truth(args.get(0, "ensure_ascii", false));
        indent = indent(args.get(1, "indent", None.NONE));
        Object separators = args.get(2, "separators", None.NONE);
        sortKeys = Values.truth(args.get(3, "sort_keys", false));
        if (separators instanceof List<?> pair && pair.size() == 2) {
            itemSeparator = pair.get(0).toString();
            keySeparator = pair.get(1).toString();
        } else {
            itemSeparator = indent == null ? ", " : ",";
            keySeparator = ": ";
        }
    }

    static Str dump(Object value, Args args) {
        Json json = new Json(args);
        json.write(value, 0);
        return json.out.build();
    }

    private @Nullable String indent(Object value) {
        if (value == None.NONE) {
            return null;
        }
        if (value instanceof Str s) {
            return s.text();
        }
        long width = Math.max(0, Numbers.toLong(value));
        budget.chars(width);
        return " ".repeat((int) width);
    }

    private void write(Object value, int level) {
        budget.step();
        budget.enter();
        switch (value) {
            case Str s -> writeText(s);
            case List<?> list -> writeList(list, level);
            case Map<?, ?> map -> writeMap(map, level);
            case None n -> out.data("null");
            case Boolean b -> out.data(b ? "true" : "false");
            case Double d -> out.data(number(d));
            case Undefined u -> throw new TemplateException("'" + u.name() + "' is undefined and has no JSON form");
            default -> {
                if (!Numbers.isNumber(value)) {
                    throw new TemplateException("a value of type '" + Values.typeName(value) + "' has no JSON form");
                }
                out.data(value.toString());
            }
        }
        budget.leave();
    }

    private static String number(double d) {
        return Double.isNaN(d) ? "NaN" : Double.isInfinite(d) ? d > 0 ? "Infinity" : "-Infinity" : Printer.number(d);
    }

    private void writeList(List<?> list, int level) {
        if (list.isEmpty()) {
            out.data("[]");
            return;
        }
        out.data("[");
        String separator = "";
        for (Object item : list) {
            out.data(separator);
            newline(level + 1);
            write(item, level + 1);
            separator = itemSeparator;
        }
        newline(level);
        out.data("]");
    }

    private void writeMap(Map<?, ?> map, int level) {
        if (map.isEmpty()) {
            out.data("{}");
            return;
        }
        List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
        if (sortKeys) {
            entries.sort((a, b) -> Values.compare(a.getKey(), b.getKey(), budget));
        }
        out.data("{");
        String separator = "";
        for (Map.Entry<?, ?> entry : entries) {
            out.data(separator);
            newline(level + 1);
            writeKey(entry.getKey());
            out.data(keySeparator);
            write(entry.getValue(), level + 1);
            separator = itemSeparator;
        }
        newline(level);
        out.data("}");
    }

    private void writeKey(Object key) {
        switch (key) {
            case Str s -> writeText(s);
            case None n -> out.data("\"null\"");
            case Boolean b -> out.data(b ? "\"true\"" : "\"false\"");
            case Double d -> out.data('"' + number(d) + '"');
            default -> out.data('"' + key.toString() + '"');
        }
    }

    private void newline(int level) {
        if (indent != null) {
            budget.chars((long) indent.length() * level);
            out.data("\n" + indent.repeat(level));
        }
    }

    private void writeText(Str s) {
        out.data("\"");
        s.forEachRun((run, template) -> out.append(escape(run), template));
        out.data("\"");
    }

    private String escape(String text) {
        if (text.chars().allMatch(c -> c >= ' ' && c != '"' && c != '\\' && (c <= '~' || !ascii))) {
            return text;
        }
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> escaped.append("\\\"");
                case '\\' -> escaped.append("\\\\");
                case '\n' -> escaped.append("\\n");
                case '\r' -> escaped.append("\\r");
                case '\t' -> escaped.append("\\t");
                case '\b' -> escaped.append("\\b");
                case '\f' -> escaped.append("\\f");
                default -> {
                    if (c < 0x20 || ascii && c > 0x7E) {
                        escaped.append(String.format("\\u%04x", (int) c));
                    } else {
                        escaped.append(c);
                    }
                }
            }
        }
        return escaped.toString();
    }
}
