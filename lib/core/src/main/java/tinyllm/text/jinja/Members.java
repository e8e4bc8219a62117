package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code value.name}, {@code value[key]}, {@code value[a:b:c]}. Names are looked up in fixed lists, never by reflection. */
final class Members {
    private Members() {}

    /** A method of that name, else the dictionary's entry, as Jinja prefers. */
    static Object attribute(Object value, String name, Budget budget) {
        if (value instanceof Undefined u) {
            throw u.error();
        }
        Function method = method(value, name);
        if (method != null) {
            return method;
        }
        return switch (value) {
            case Map<?, ?> map -> entry(map, Str.template(name), name);
            case Namespace namespace -> namespace.get(name);
            case Loop loop -> loop.attribute(name);
            default -> missing(name);
        };
    }

    static Object item(Object value, Object key, Budget budget) {
        return switch (value) {
            case Undefined u -> throw u.error();
            case Map<?, ?> map ->
                entry(map, Values.key(key), Printer.str(key, budget).text());
            case List<?> list
            when key instanceof Long i -> {
                long index = i < 0 ? i + list.size() : i;
                yield index >= 0 && index < list.size() ? list.get((int) index) : missing(i.toString());
            }
            case Str s
            when key instanceof Long i -> {
                int length = s.codePoints();
                long index = i < 0 ? i + length : i;
                yield index >= 0 && index < length ? s.codePointAt((int) index) : missing(i.toString());
            }
            default -> key instanceof Str name ? attribute(value, name.text(), budget) : missing(Values.typeName(key));
        };
    }

    private static Object entry(Map<?, ?> map, Object key, String name) {
        Object value = map.get(key);
        if (value != null) {
            return value;
        }
        Function method = method(map, name);
        return method != null ? method : missing(name);
    }

    private static Undefined missing(String name) {
        if (name.startsWith("__")) {
            throw new TemplateException("access to '" + name + "' is not allowed in a chat template");
        }
        return new Undefined(name);
    }

    private static @Nullable Function method(Object value, String name) {
        return switch (value) {
            case Str s -> StrMethods.find(s, name);
            case Map<?, ?> map -> CollectionMethods.ofMap(map, name);
            case List<?> list -> CollectionMethods.ofList(list, name);
            default -> null;
        };
    }

    static Object slice(Object value, Object start, Object stop, Object step, Budget budget) {
        if (value instanceof Undefined u) {
            throw u.error();
        }
        if (!(value instanceof Str) && !(value instanceof List)) {
            throw new TemplateException("'" + Values.typeName(value) + "' object can't be sliced");
        }
        long by = step == None.NONE ? 1 : Numbers.toLong(step);
        if (by == 0) {
            throw new TemplateException("slice step cannot be zero");
        }
        int length = Values.length(value);
        long from = bound(start, by > 0 ? 0 : length - 1L, length, by < 0);
        long to = bound(stop, by > 0 ? length : -1L, length, by < 0);
        if (value instanceof Str s && by == 1) {
            return substring(s, from, Math.max(from, to), budget);
        }
        List<?> items = Values.items(value, budget);
        List<Object> picked = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            budget.step();
            picked.add(items.get((int) i));
        }
        return value instanceof Str ? Text.join(picked, Str.EMPTY, budget) : picked;
    }

    private static long bound(Object value, long otherwise, int length, boolean backwards) {
        if (value == None.NONE) {
            return otherwise;
        }
        long i = Numbers.toLong(value);
        long lowest = backwards ? -1 : 0;
        long highest = backwards ? length - 1L : length;
        return Math.clamp(i < 0 ? i + length : i, lowest, Math.max(lowest, highest));
    }

    private static Str substring(Str s, long from, long to, Budget budget) {
        int begin = s.text().offsetByCodePoints(0, (int) from);
        int end = s.text().offsetByCodePoints(begin, (int) (to - from));
        budget.chars(end - begin);
        return s.substring(begin, end);
    }
}
