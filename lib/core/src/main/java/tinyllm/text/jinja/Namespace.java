package tinyllm.text.jinja;

import java.util.HashMap;
import java.util.Map;

/** Jinja's namespace: the one value whose fields a template may set, so that a loop can hand something out. */
final class Namespace {
    private final Map<String, Object> fields = new HashMap<>();

    Namespace(Args args) {
        if (!args.positional().isEmpty()) {
            throw new TemplateException("namespace() takes named arguments only");
        }
        fields.putAll(args.named());
    }

    Object get(String name) {
        Object value = fields.get(name);
        return value == null ? new Undefined(name) : value;
    }

    void set(String name, Object value) {
        fields.put(name, value);
    }
}
