package tinyllm.text.jinja;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed template. Immutable; each rendering has its own budget, so threads may share it. */
public final class JinjaTemplate {
    private final List<Stmt> body;
    private final Clock clock;

    private JinjaTemplate(List<Stmt> body, Clock clock) {
        this.body = body;
        this.clock = clock;
    }

    /** @throws TemplateException with the line, if the source is not Jinja or asks for what is not built */
    public static JinjaTemplate parse(String source) {
        return parse(source, Clock.systemDefaultZone());
    }

    /** @param clock what {@code strftime_now} reads */
    public static JinjaTemplate parse(String source, Clock clock) {
        return new JinjaTemplate(Parser.parse(source), clock);
    }

    /**
     * @param data text, numbers, truth values, lists and maps; their text counts as a user's
     * @param constants more of them, whose text counts as the template's own (the names of special tokens)
     * @throws TemplateException if the template refuses the data, is wrong, or exceeds its budget; always within about a second
     */
    public Str render(Map<String, ? extends @Nullable Object> data, Map<String, ? extends @Nullable Object> constants) {
        Budget budget = new Budget();
        Scope scope = new Scope(null);
        Globals.define(scope, clock);
        constants.forEach((name, value) -> scope.set(name, Imported.value(value, true, budget)));
        data.forEach((name, value) -> scope.set(name, Imported.value(value, false, budget)));
        return new Interpreter(budget).render(body, new Scope(scope));
    }
}
