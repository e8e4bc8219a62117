package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of Python's dict and list that only look; those that change a value are refused, as in Jinja's sandbox. */
final class CollectionMethods {
    private static final Set<String> CHANGING = Set.of(
            "append",
            "extend",
            "insert",
            "pop",
            "remove",
            "reverse",
            "sort",
            "clear",
            "update",
            "setdefault",
            "popitem");

    private CollectionMethods() {}

    static @Nullable Function ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "get" ->
                args -> {
                    Object value = map.get(Values.key(args.require(0, "key")));
                    return value != null ? value : args.get(1, "default", None.NONE);
                };
            case "items" -> args -> items(map, args.budget());
            case "keys" -> args -> Values.items(map, args.budget());
            case "values" ->
                args -> {
                    args.budget().steps(map.size());
                    return new ArrayList<Object>(map.values());
                };
            case "copy" ->
                args -> {
                    args.budget().steps(map.size());
                    return new LinkedHashMap<Object, Object>(map);
                };
            case "pop", "clear", "update", "setdefault", "popitem" -> refused(name);
            default -> null;
        };
    }

    static @Nullable Function ofList(List<?> list, String name) {
        return switch (name) {
            case "index" -> args -> index(list, args);
            case "count" -> args -> count(list, args);
            case "copy" ->
                args -> {
                    args.budget().steps(list.size());
                    return new ArrayList<Object>(list);
                };
            default -> CHANGING.contains(name) ? refused(name) : null;
        };
    }

    static List<Object> items(Map<?, ?> map, Budget budget) {
        budget.steps(map.size());
        List<Object> items = new ArrayList<>();
        map.forEach((key, value) -> items.add(Tuple.of(key, value)));
        return items;
    }

    private static Function refused(String name) {
        return args -> {
            throw new TemplateException(name + "() changes a value, which a chat template may not");
        };
    }

    private static Object index(List<?> list, Args args) {
        for (int i = 0; i < list.size(); i++) {
            if (Values.equal(list.get(i), args.require(0, "value"), args.budget())) {
                return (long) i;
            }
        }
        throw new TemplateException("the value is not in the list");
    }

    private static Object count(List<?> list, Args args) {
        long count = 0;
        for (Object item : list) {
            count += Values.equal(item, args.require(0, "value"), args.budget()) ? 1 : 0;
        }
        return count;
    }
}
