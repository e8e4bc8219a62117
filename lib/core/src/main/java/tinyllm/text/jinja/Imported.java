package tinyllm.text.jinja;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Java's values as a template's: text becomes {@link Str} with its writer, lists and maps are copied. */
final class Imported {
    private Imported() {}

    static Object value(@Nullable Object value, boolean fromTemplate, Budget budget) {
        budget.bring(value instanceof CharSequence s ? s.length() : 0);
        return switch (value) {
            case null -> None.NONE;
            case CharSequence s -> fromTemplate ? Str.template(s.toString()) : Str.data(s.toString());
            case Boolean b -> b;
            case Double d -> d;
            case Float f -> f.doubleValue();
            case BigDecimal d -> d.doubleValue();
            case BigInteger n -> n.bitLength() < 64 ? (Object) n.longValue() : n;
            case Number n -> n.longValue();
            case Map<?, ?> map -> map(map, fromTemplate, budget);
            case Collection<?> list -> list(list, fromTemplate, budget);
            case Object[] array -> list(List.of(array), fromTemplate, budget);
            default -> {
                if (value.getClass().isArray()) {
                    List<Object> boxed = new ArrayList<>();
                    for (int i = 0; i < Array.getLength(value); i++) {
                        boxed.add(Array.get(value, i));
                    }
                    yield list(boxed, fromTemplate, budget);
                }
                throw new TemplateException(
                        "A conversation may hold text, numbers, truth values, lists and maps, not a "
                                + value.getClass().getName() + ".");
            }
        };
    }

    private static Object map(Map<?, ?> map, boolean fromTemplate, Budget budget) {
        budget.enter();
        Map<Object, Object> copy = new LinkedHashMap<>();
        map.forEach((key, item) ->
                copy.put(Values.key(value(key, fromTemplate, budget)), value(item, fromTemplate, budget)));
        budget.leave();
        return copy;
    }

    private static Object list(Collection<?> list, boolean fromTemplate, Budget budget) {
        budget.enter();
        List<Object> copy = new ArrayList<>(list.size());
        list.forEach(item -> copy.add(value(item, fromTemplate, budget)));
        budget.leave();
        return copy;
    }
}
