package tinyllm.text.jinja;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of Python's str that chat templates call. */
final class StrMethods {
    /** A method takes the string and the call's arguments. */
    private interface Method {
        Object call(Str s, Args args);
    }

    private static final Map<String, Method> METHODS = Map.ofEntries(
            Map.entry("startswith", (s, a) -> anyOf(a, "prefix", p -> s.text().startsWith(p))),
            Map.entry("endswith", (s, a) -> anyOf(a, "suffix", p -> s.text().endsWith(p))),
            Map.entry("strip", (s, a) -> Text.strip(s, chars(a), true, true, a.budget())),
            Map.entry("lstrip", (s, a) -> Text.strip(s, chars(a), true, false, a.budget())),
            Map.entry("rstrip", (s, a) -> Text.strip(s, chars(a), false, true, a.budget())),
            Map.entry("split", (s, a) -> split(s, a, false)),
            Map.entry("rsplit", (s, a) -> split(s, a, true)),
            Map.entry("splitlines", (s, a) -> Text.lines(s, a.flag(0, "keepends"), a.budget())),
            Map.entry("replace", StrMethods::replace),
            Map.entry("join", (s, a) -> Text.join(Values.items(a.require(0, "iterable"), a.budget()), s, a.budget())),
            Map.entry("upper", (s, a) -> s.map(t -> t.toUpperCase(Locale.ROOT), a.budget())),
            Map.entry("lower", (s, a) -> s.map(t -> t.toLowerCase(Locale.ROOT), a.budget())),
            Map.entry("title", (s, a) -> Case.title(s, a.budget())),
            Map.entry("capitalize", (s, a) -> Case.capitalize(s, a.budget())),
            Map.entry("find", (s, a) -> (Object) find(s, a)),
            Map.entry("rfind", (s, a) ->
                    (Object) position(s, s.text().lastIndexOf(a.text(0, "sub").text()))),
            Map.entry("index", StrMethods::index),
            Map.entry("count", StrMethods::count),
            Map.entry("removeprefix", (s, a) -> removePrefix(s, a.text(0, "prefix"))),
            Map.entry("removesuffix", (s, a) -> removeSuffix(s, a.text(0, "suffix"))),
            Map.entry("isdigit", (s, a) -> all(s, Character::isDigit)),
            Map.entry("isalpha", (s, a) -> all(s, Character::isLetter)),
            Map.entry("isalnum", (s, a) -> all(s, Character::isLetterOrDigit)),
            Map.entry("isspace", (s, a) -> all(s, Blank::is)),
            Map.entry("isupper", (s, a) -> hasOnly(s, Character::isUpperCase, Character::isLowerCase)),
            Map.entry("islower", (s, a) -> hasOnly(s, Character::isLowerCase, Character::isUpperCase)));

    private StrMethods() {}

    static @Nullable Function find(Str s, String name) {
        Method method = METHODS.get(name);
        return method == null ? null : args -> method.call(s, args);
    }

    private static boolean anyOf(Args args, String name, java.util.function.Predicate<String> test) {
        if (args.get(0, name, None.NONE) instanceof Tuple several) {
            return several.stream().anyMatch(part -> part instanceof Str s && test.test(s.text()));
        }
        return test.test(args.text(0, name).text());
    }

    private static @Nullable String chars(Args args) {
        return args.get(0, "chars", None.NONE) == None.NONE
                ? null
                : args.text(0, "chars").text();
    }

    private static List<Object> split(Str s, Args args, boolean fromRight) {
        long most = Numbers.toLong(args.get(1, "maxsplit", -1L));
        if (args.get(0, "sep", None.NONE) == None.NONE) {
            if (fromRight && most >= 0) {
                throw new TemplateException("rsplit() with a limit needs a separator here");
            }
            return Text.words(s, most, args.budget());
        }
        Str separator = args.text(0, "sep");
        return fromRight
                ? Text.splitFromRight(s, separator, most < 0 ? -1 : most, args.budget())
                : Text.split(s, separator, most, args.budget());
    }

    private static Object replace(Str s, Args args) {
        long most = Numbers.toLong(args.get(2, "count", -1L));
        return Text.replace(s, args.text(0, "old"), args.text(1, "new"), most, args.budget());
    }

    private static long find(Str s, Args args) {
        long start = Numbers.toLong(args.get(1, "start", 0L));
        int length = s.codePoints();
        int from = Math.clamp(start < 0 ? start + length : start, 0, length);
        args.budget().chars(s.length());
        return position(s, s.text().indexOf(args.text(0, "sub").text(), s.text().offsetByCodePoints(0, from)));
    }

    private static long position(Str s, int index) {
        return index < 0 ? -1 : s.text().codePointCount(0, index);
    }

    private static Object index(Str s, Args args) {
        long found = find(s, args);
        if (found < 0) {
            throw new TemplateException("substring not found");
        }
        return found;
    }

    private static Object count(Str s, Args args) {
        String part = args.text(0, "sub").text();
        if (part.isEmpty()) {
            return s.codePoints() + 1L;
        }
        args.budget().chars(s.length());
        long count = 0;
        for (int i = s.text().indexOf(part); i >= 0; i = s.text().indexOf(part, i + part.length())) {
            count++;
        }
        return count;
    }

    private static Str removePrefix(Str s, Str prefix) {
        return s.text().startsWith(prefix.text()) ? s.substring(prefix.length()) : s;
    }

    private static Str removeSuffix(Str s, Str suffix) {
        return s.text().endsWith(suffix.text()) ? s.substring(0, s.length() - suffix.length()) : s;
    }

    private static boolean all(Str s, IntPredicate test) {
        return !s.isEmpty() && s.text().codePoints().allMatch(test);
    }

    private static boolean hasOnly(Str s, IntPredicate wanted, IntPredicate other) {
        return s.text().codePoints().anyMatch(wanted) && s.text().codePoints().noneMatch(other);
    }
}
