package tinyllm.text.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The filters that chat templates use, by name. Those over lists are in {@link ListFilters}. */
final class Filters {
    /** A filter takes the value in front of the bar and the call's arguments. */
    interface Filter {
        Object apply(Object value, Args args);
    }

    private static final Map<String, Filter> FILTERS = new HashMap<>();

    static {
        FILTERS.put("tojson", Json::dump);
        FILTERS.put("default", Filters::orDefault);
        FILTERS.put("d", Filters::orDefault);
        FILTERS.put("trim", Filters::trim);
        FILTERS.put("upper", (v, a) -> str(v, a).map(t -> t.toUpperCase(Locale.ROOT), a.budget()));
        FILTERS.put("lower", (v, a) -> str(v, a).map(t -> t.toLowerCase(Locale.ROOT), a.budget()));
        FILTERS.put("title", (v, a) -> Case.jinjaTitle(str(v, a), a.budget()));
        FILTERS.put("capitalize", (v, a) -> Case.capitalize(str(v, a), a.budget()));
        FILTERS.put("replace", Filters::replace);
        FILTERS.put("indent", Filters::indent);
        FILTERS.put("string", Filters::str);
        FILTERS.put("safe", Filters::str);
        FILTERS.put("escape", Filters::escape);
        FILTERS.put("e", Filters::escape);
        FILTERS.put("wordcount", (v, a) ->
                (long) Text.words(str(v, a), -1, a.budget()).size());
        FILTERS.put("length", (v, a) -> (long) Values.length(v));
        FILTERS.put("count", (v, a) -> (long) Values.length(v));
        FILTERS.put("int", Filters::toInt);
        FILTERS.put("float", Filters::toFloat);
        FILTERS.put("abs", (v, a) -> Numbers.compare(v, 0L) < 0 ? Numbers.negate(v) : v);
        FILTERS.put("round", Filters::round);
        FILTERS.put("attr", (v, a) -> Members.attribute(v, a.text(0, "name").text(), a.budget()));
        ListFilters.register(FILTERS);
    }

    private Filters() {}

    static Filter find(String name) {
        Filter filter = FILTERS.get(name);
        if (filter == null) {
            throw new TemplateException("the filter '" + name + "' is not built");
        }
        return filter;
    }

    static Str str(Object value, Args args) {
        return Printer.str(value, args.budget());
    }

    private static Object orDefault(Object value, Args args) {
        boolean use = value instanceof Undefined || args.flag(1, "boolean") && !Values.truth(value);
        return use ? args.get(0, "default_value", Str.EMPTY) : value;
    }

    private static Object trim(Object value, Args args) {
        Object chars = args.get(0, "chars", None.NONE);
        return Text.strip(
                str(value, args),
                chars == None.NONE ? null : args.text(0, "chars").text(),
                true,
                true,
                args.budget());
    }

    private static Object replace(Object value, Args args) {
        Object count = args.get(2, "count", None.NONE);
        return Text.replace(
                str(value, args),
                str(args.require(0, "old"), args),
                str(args.require(1, "new"), args),
                count == None.NONE ? -1 : Numbers.toLong(count),
                args.budget());
    }

    private static Object indent(Object value, Args args) {
        Object width = args.get(0, "width", 4L);
        Str margin = width instanceof Str s ? s : Text.repeat(Str.template(" "), Numbers.toLong(width), args.budget());
        boolean first = args.flag(1, "first");
        boolean blank = args.flag(2, "blank");
        StrBuilder out = new StrBuilder(args.budget());
        List<Object> lines =
                Text.lines(Text.concat(str(value, args), Str.template("\n"), args.budget()), false, args.budget());
        for (int i = 0; i < lines.size(); i++) {
            Str line = (Str) lines.get(i);
            boolean indented = i == 0 ? first : blank || !line.isEmpty();
            out.append(i == 0 ? Str.EMPTY : Str.template("\n"))
                    .append(indented ? margin : Str.EMPTY)
                    .append(line);
        }
        return out.build();
    }

    private static Object escape(Object value, Args args) {
        return str(value, args)
                .map(
                        t -> t.replace("&", "&amp;")
                                .replace(">", "&gt;")
                                .replace("<", "&lt;")
                                .replace("'", "&#39;")
                                .replace("\"", "&#34;"),
                        args.budget());
    }

    private static Object toInt(Object value, Args args) {
        Object otherwise = args.get(0, "default", 0L);
        try {
            return switch (value) {
                case Str s -> parseInt(s.text().strip().replace("_", ""));
                case Double d when Double.isFinite(d) -> new BigDecimal(d).longValue();
                case Boolean b -> b ? 1L : 0L;
                case Long n -> n;
                default -> Numbers.isNumber(value) && !(value instanceof Double) ? value : otherwise;
            };
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    private static Object parseInt(String text) {
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            return (long) Double.parseDouble(text);
        }
    }

    private static Object toFloat(Object value, Args args) {
        try {
            return value instanceof Str s
                    ? (Object) Double.valueOf(s.text().strip())
                    : Numbers.isNumber(value) ? (Object) Numbers.toDouble(value) : args.get(0, "default", 0.0);
        } catch (NumberFormatException e) {
            return args.get(0, "default", 0.0);
        }
    }

    private static Object round(Object value, Args args) {
        int precision = Math.clamp(Numbers.toLong(args.get(0, "precision", 0L)), -400, 400);
        RoundingMode mode =
                switch (args.get(1, "method", Str.template("common")).toString()) {
                    case "common" -> RoundingMode.HALF_EVEN;
                    case "ceil" -> RoundingMode.CEILING;
                    case "floor" -> RoundingMode.FLOOR;
                    default -> throw new TemplateException("method must be common, ceil or floor");
                };
        double number = Numbers.toDouble(value);
        return Double.isFinite(number)
                ? new BigDecimal(number).setScale(precision, mode).doubleValue()
                : number;
    }
}
