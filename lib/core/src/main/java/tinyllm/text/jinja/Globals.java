package tinyllm.text.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The functions that every chat template may call. */
final class Globals {
    private Globals() {}

    static void define(Scope scope, Clock clock) {
        scope.set("range", (Function) Globals::range);
        scope.set("namespace", (Function) Namespace::new);
        scope.set("dict", (Function) Globals::dict);
        scope.set("raise_exception", (Function) Globals::raise);
        scope.set("strftime_now", (Function) args -> now(args, clock));
    }

    private static Object range(Args args) {
        long first = Numbers.toLong(args.require(0, "stop"));
        return switch (args.count()) {
            case 1 -> new Range(0, first, 1);
            case 2 -> new Range(first, Numbers.toLong(args.require(1, "stop")), 1);
            default ->
                new Range(first, Numbers.toLong(args.require(1, "stop")), Numbers.toLong(args.require(2, "step")));
        };
    }

    private static Object dict(Args args) {
        Map<Object, Object> dict = new LinkedHashMap<>();
        if (!args.positional().isEmpty()) {
            if (!(args.positional().getFirst() instanceof Map<?, ?> map)) {
                throw new TemplateException("dict() takes a dictionary or named arguments");
            }
            args.budget().steps(map.size());
            dict.putAll(map);
        }
        args.named().forEach((name, value) -> dict.put(Str.template(name), value));
        return dict;
    }

    private static Object raise(Args args) {
        throw new TemplateException(Printer.str(
                        args.get(0, "message", Str.template("The chat template refuses this conversation.")),
                        args.budget())
                .text());
    }

    private static Object now(Args args, Clock clock) {
        String format = args.text(0, "format").text();
        args.budget().chars(20L * format.length());
        ZonedDateTime now = ZonedDateTime.now(clock);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            boolean noPadding = c == '%' && format.startsWith("-", i + 1);
            int letter = noPadding ? i + 2 : i + 1;
            if (c != '%' || letter >= format.length()) {
                out.append(c);
                continue;
            }
            String field = field(format.charAt(letter), now);
            out.append(noPadding && field.length() > 1 && field.startsWith("0") ? field.substring(1) : field);
            i = letter;
        }
        return Str.data(out.toString());
    }

    private static String field(char letter, ZonedDateTime now) {
        String pattern = switch (letter) {
            case 'Y' -> "yyyy";
            case 'y' -> "yy";
            case 'm' -> "MM";
            case 'd' -> "dd";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'p' -> "a";
            case 'B' -> "MMMM";
            case 'b' -> "MMM";
            case 'A' -> "EEEE";
            case 'a' -> "EEE";
            case 'j' -> "DDD";
            case 'F' -> "yyyy-MM-dd";
            case 'T' -> "HH:mm:ss";
            case '%' -> "'%'";
            default -> throw new TemplateException("strftime_now: %" + letter + " is not built");
        };
        return DateTimeFormatter.ofPattern(pattern, Locale.US).format(now);
    }
}
