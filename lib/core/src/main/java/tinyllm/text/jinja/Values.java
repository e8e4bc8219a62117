package tinyllm.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** What Python does with values: truth, equality, order, length, iteration, membership. */
final class Values {
    private Values() {}

    static String typeName(Object value) {
        return switch (value) {
            case Str s -> "str";
            case Boolean b -> "bool";
            case Long n -> "int";
            case BigInteger n -> "int";
            case Double d -> "float";
            case None n -> "NoneType";
            case Tuple t -> "tuple";
            case List<?> l -> "list";
            case Map<?, ?> m -> "dict";
            case Undefined u -> "undefined";
            default -> "object";
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case None n -> false;
            case Undefined u -> false;
            case Str s -> !s.isEmpty();
            case Long n -> n != 0;
            case Double d -> d != 0;
            case BigInteger n -> n.signum() != 0;
            case Collection<?> c -> !c.isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            default -> true;
        };
    }

    static boolean equal(Object a, Object b, Budget budget) {
        budget.enter();
        try {
            budget.step();
            if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
                return Numbers.compare(a, b) == 0;
            }
            if (a instanceof List<?> x && b instanceof List<?> y) {
                return x instanceof Tuple == y instanceof Tuple && equalLists(x, y, budget);
            }
            if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
                return equalMaps(x, y, budget);
            }
            if (a instanceof Undefined && b instanceof Undefined) {
                return true;
            }
            if (a instanceof Str s) {
                budget.chars(0);
                return s.equals(b);
            }
            return a == b;
        } finally {
            budget.leave();
        }
    }

    private static boolean equalLists(List<?> a, List<?> b, Budget budget) {
        if (a.size() != b.size()) {
            return false;
        }
        Iterator<?> other = b.iterator();
        for (Object item : a) {
            if (!equal(item, other.next(), budget)) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalMaps(Map<?, ?> a, Map<?, ?> b, Budget budget) {
        if (a.size() != b.size()) {
            return false;
        }
        for (Map.Entry<?, ?> entry : a.entrySet()) {
            Object other = b.get(entry.getKey());
            if (other == null || !equal(entry.getValue(), other, budget)) {
                return false;
            }
        }
        return true;
    }

    /** Python's {@code <}, {@code >} for values of like kind. */
    static int compare(Object a, Object b, Budget budget) {
        budget.step();
        if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return Numbers.compare(a, b);
        }
        if (a instanceof Str x && b instanceof Str y) {
            return compareText(x.text(), y.text());
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            return compareLists(x, y, budget);
        }
        if (a instanceof Undefined u) {
            throw u.error();
        }
        if (b instanceof Undefined u) {
            throw u.error();
        }
        throw new TemplateException("'" + typeName(a) + "' and '" + typeName(b) + "' have no order");
    }

    private static int compareLists(List<?> a, List<?> b, Budget budget) {
        budget.enter();
        Iterator<?> other = b.iterator();
        int result = 0;
        for (Iterator<?> i = a.iterator(); i.hasNext() && other.hasNext() && result == 0; ) {
            Object x = i.next();
            Object y = other.next();
            result = equal(x, y, budget) ? 0 : compare(x, y, budget);
        }
        budget.leave();
        return result != 0 ? result : Integer.compare(a.size(), b.size());
    }

    /** By code point, where Java's own order is by UTF-16 unit. */
    static int compareText(String a, String b) {
        int n = Math.min(a.length(), b.length());
        for (int i = 0; i < n; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean bothOrNone = Character.isSurrogate(x) == Character.isSurrogate(y);
                return bothOrNone ? x - y : Character.isSurrogate(x) ? 1 : -1;
            }
        }
        return a.length() - b.length();
    }

    static int length(Object value) {
        return switch (value) {
            case Str s -> s.codePoints();
            case Collection<?> c -> c.size();
            case Map<?, ?> m -> m.size();
            case Undefined u -> 0;
            default -> throw new TemplateException("object of type '" + typeName(value) + "' has no length");
        };
    }

    static boolean isIterable(Object value) {
        return value instanceof Str
                || value instanceof Collection
                || value instanceof Map
                || value instanceof Undefined;
    }

    /** What a loop over the value sees: characters, items, keys, or nothing for an undefined value. */
    static List<?> items(Object value, Budget budget) {
        return switch (value) {
            case List<?> list -> list;
            case Map<?, ?> map -> {
                budget.steps(map.size());
                yield new ArrayList<>(map.keySet());
            }
            case Str s -> characters(s, budget);
            case Undefined u -> List.of();
            default -> throw new TemplateException("'" + typeName(value) + "' object is not iterable");
        };
    }

    private static List<Str> characters(Str s, Budget budget) {
        budget.steps(s.length());
        budget.chars(s.length());
        List<Str> characters = new ArrayList<>();
        for (int i = 0; i < s.length(); ) {
            int end = i + Character.charCount(s.text().codePointAt(i));
            characters.add(s.substring(i, end));
            i = end;
        }
        return characters;
    }

    static boolean contains(Object container, Object item, Budget budget) {
        switch (container) {
            case Str s -> {
                if (!(item instanceof Str part)) {
                    throw new TemplateException("'in <string>' requires string as left operand, not " + typeName(item));
                }
                budget.chars(s.length());
                return s.text().contains(part.text());
            }
            case Map<?, ?> map -> {
                return map.containsKey(key(item));
            }
            default -> {
                for (Object candidate : items(container, budget)) {
                    if (equal(candidate, item, budget)) {
                        return true;
                    }
                }
                return false;
            }
        }
    }

    /** A value as the key of a dictionary: text, number, truth or None. */
    static Object key(Object value) {
        return switch (value) {
            case Str s -> s;
            case Long n -> n;
            case Boolean b -> b;
            case Double d -> d;
            case BigInteger n -> n;
            case None n -> n;
            case Undefined u -> throw u.error();
            default -> throw new TemplateException("a " + typeName(value) + " can't be the key of a dictionary");
        };
    }
}
