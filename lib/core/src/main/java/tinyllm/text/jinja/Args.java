package tinyllm.text.jinja;

import java.util.List;
import java.util.Map;

/** The arguments of one call, and the budget that it spends. */
record Args(String function, List<Object> positional, Map<String, Object> named, Budget budget) {
    int count() {
        return positional.size() + named.size();
    }

    /** Python's way: by position or by name, else the default. */
    Object get(int index, String name, Object otherwise) {
        if (index < positional.size()) {
            return positional.get(index);
        }
        Object value = named.get(name);
        return value == null ? otherwise : value;
    }

    Object require(int index, String name) {
        Object value = index < positional.size() ? positional.get(index) : named.get(name);
        if (value == null) {
            throw new TemplateException(function + "() misses its argument '" + name + "'");
        }
        return value;
    }

    Str text(int index, String name) {
        Object value = require(index, name);
        if (value instanceof Str s) {
            return s;
        }
        throw new TemplateException(
                function + "(): '" + name + "' must be a string, not '" + Values.typeName(value) + "'");
    }

    boolean flag(int index, String name) {
        return Values.truth(get(index, name, false));
    }

    Args withoutFirst() {
        return new Args(function, positional.subList(Math.min(1, positional.size()), positional.size()), named, budget);
    }
}
