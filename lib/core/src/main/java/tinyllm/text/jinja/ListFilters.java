package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** The filters over lists and dictionaries. */
final class ListFilters {
    private ListFilters() {}

    static void register(Map<String, Filters.Filter> filters) {
        filters.put("join", ListFilters::join);
        filters.put("list", (v, a) -> copy(v, a));
        filters.put("first", (v, a) -> at(Values.items(v, a.budget()), true));
        filters.put("last", (v, a) -> at(Values.items(v, a.budget()), false));
        filters.put("reverse", ListFilters::reverse);
        filters.put("sort", ListFilters::sort);
        filters.put("unique", ListFilters::unique);
        filters.put("min", (v, a) -> extreme(v, a, -1));
        filters.put("max", (v, a) -> extreme(v, a, 1));
        filters.put("sum", ListFilters::sum);
        filters.put("items", ListFilters::items);
        filters.put("dictsort", ListFilters::dictsort);
        filters.put("map", ListFilters::map);
        filters.put("select", (v, a) -> pick(v, a, UnaryOperator.identity(), true));
        filters.put("reject", (v, a) -> pick(v, a, UnaryOperator.identity(), false));
        filters.put("selectattr", (v, a) -> pick(v, a.withoutFirst(), field(a), true));
        filters.put("rejectattr", (v, a) -> pick(v, a.withoutFirst(), field(a), false));
    }

    private static List<Object> copy(Object value, Args args) {
        List<?> items = Values.items(value, args.budget());
        args.budget().steps(items.size());
        return new ArrayList<>(items);
    }

    /** Reads the attribute that the first argument names; dots lead further in. */
    private static UnaryOperator<Object> field(Args args) {
        Object name = args.require(0, "attribute");
        return item -> path(item, name, args.budget());
    }

    private static Object path(Object item, Object name, Budget budget) {
        if (!(name instanceof Str path)) {
            return Members.item(item, name, budget);
        }
        Object value = item;
        for (String part : path.text().split("\\.", -1)) {
            boolean number =
                    !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
            value = Members.item(value, number ? Long.valueOf(part) : Str.template(part), budget);
        }
        return value;
    }

    private static Object join(Object value, Args args) {
        Object attribute = args.get(1, "attribute", None.NONE);
        List<Object> items = copy(value, args);
        if (attribute != None.NONE) {
            items.replaceAll(item -> path(item, attribute, args.budget()));
        }
        return Text.join(items, Filters.str(args.get(0, "d", Str.EMPTY), args), args.budget());
    }

    private static Object at(List<?> items, boolean first) {
        if (items.isEmpty()) {
            return new Undefined("an item of an empty sequence");
        }
        return first ? items.getFirst() : items.getLast();
    }

    private static Object reverse(Object value, Args args) {
        List<Object> items = copy(value, args);
        Collections.reverse(items);
        return value instanceof Str ? Text.join(items, Str.EMPTY, args.budget()) : items;
    }

    private static Object sort(Object value, Args args) {
        List<Object> items = copy(value, args);
        Object attribute = args.get(2, "attribute", None.NONE);
        UnaryOperator<Object> key = key(args, attribute, args.flag(1, "case_sensitive"));
        Comparator<Object> order = (a, b) -> Values.compare(key.apply(a), key.apply(b), args.budget());
        items.sort(args.flag(0, "reverse") ? order.reversed() : order);
        return items;
    }

    private static UnaryOperator<Object> key(Args args, Object attribute, boolean caseSensitive) {
        return item -> {
            Object value = attribute == None.NONE ? item : path(item, attribute, args.budget());
            return !caseSensitive && value instanceof Str s
                    ? s.map(t -> t.toLowerCase(Locale.ROOT), args.budget())
                    : value;
        };
    }

    private static Object unique(Object value, Args args) {
        UnaryOperator<Object> key = key(args, args.get(1, "attribute", None.NONE), args.flag(0, "case_sensitive"));
        List<Object> seen = new ArrayList<>();
        List<Object> unique = new ArrayList<>();
        for (Object item : Values.items(value, args.budget())) {
            Object candidate = key.apply(item);
            if (!Values.contains(seen, candidate, args.budget())) {
                seen.add(candidate);
                unique.add(item);
            }
        }
        return unique;
    }

    private static Object extreme(Object value, Args args, int sign) {
        UnaryOperator<Object> key = key(args, args.get(1, "attribute", None.NONE), args.flag(0, "case_sensitive"));
        BinaryOperator<Object> better =
                (a, b) -> sign * Values.compare(key.apply(b), key.apply(a), args.budget()) > 0 ? b : a;
        return copy(value, args).stream().reduce(better).orElse(new Undefined("the extreme of an empty sequence"));
    }

    private static Object sum(Object value, Args args) {
        Object attribute = args.get(0, "attribute", None.NONE);
        Object sum = args.get(1, "start", 0L);
        for (Object item : Values.items(value, args.budget())) {
            args.budget().step();
            Object number = attribute == None.NONE ? item : path(item, attribute, args.budget());
            sum = Numbers.calculate("+", sum, number);
        }
        return sum;
    }

    private static Object items(Object value, Args args) {
        return switch (value) {
            case Map<?, ?> map -> CollectionMethods.items(map, args.budget());
            case Undefined u -> List.of();
            default -> throw new TemplateException("Can only get item pairs from a mapping.");
        };
    }

    private static Object dictsort(Object value, Args args) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new TemplateException("dictsort takes a dictionary, not '" + Values.typeName(value) + "'");
        }
        int index = args.get(1, "by", Str.template("key")).toString().equals("value") ? 1 : 0;
        UnaryOperator<Object> key = key(args, (long) index, args.flag(0, "case_sensitive"));
        Comparator<Object> order = (a, b) -> Values.compare(key.apply(a), key.apply(b), args.budget());
        List<Object> items = CollectionMethods.items(map, args.budget());
        items.sort(args.flag(2, "reverse") ? order.reversed() : order);
        return items;
    }

    private static Object map(Object value, Args args) {
        List<Object> items = copy(value, args);
        Object attribute = args.named().get("attribute");
        if (attribute != null) {
            Object otherwise = args.named().get("default");
            items.replaceAll(item -> {
                Object found = path(item, attribute, args.budget());
                return found instanceof Undefined && otherwise != null ? otherwise : found;
            });
            return items;
        }
        String name = args.text(0, "filter").text();
        Filters.Filter filter = Filters.find(name);
        items.replaceAll(item -> filter.apply(item, args.withoutFirst()));
        return items;
    }

    /** @param args the name of a test and its arguments; without one, truth decides */
    private static Object pick(Object value, Args args, UnaryOperator<Object> key, boolean wanted) {
        List<Object> picked = new ArrayList<>();
        for (Object item : Values.items(value, args.budget())) {
            args.budget().step();
            Object candidate = key.apply(item);
            boolean holds = args.positional().isEmpty()
                    ? Values.truth(candidate)
                    : Tests.find(args.text(0, "test").text()).holds(candidate, args.withoutFirst());
            if (holds == wanted) {
                picked.add(item);
            }
        }
        return picked;
    }
}
