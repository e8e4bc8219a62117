package tinyllm.sampling.json;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.grammar.Expr;
import tools.jackson.databind.JsonNode;

/** Arrays by their items and how many there are. */
final class ArrayRule {

    private static final int MOST_NEEDED = 10_000;
    private static final int MOST_FIRST = 1_000;

    private final SchemaCompiler compiler;

    ArrayRule(SchemaCompiler compiler) {
        this.compiler = compiler;
    }

    Expr of(JsonNode schema, String pointer) {
        List<Expr> first = new ArrayList<>();
        JsonNode prefix = schema.get("prefixItems");
        JsonNode items = schema.get("items");
        if (prefix != null && !prefix.isArray() || items != null && items.isArray()) {
            throw new SchemaException(pointer, "a list of schemas for the first items is called prefixItems");
        }
        if (prefix != null) {
            for (int i = 0; i < prefix.size(); i++) {
                first.add(compiler.value(prefix.get(i), pointer + "/prefixItems/" + i));
            }
        }
        if (first.size() > MOST_FIRST) {
            throw new SchemaException(pointer, "prefixItems has more than " + MOST_FIRST + " schemas");
        }
        Expr rest = items == null ? compiler.anything() : compiler.value(items, pointer + "/items");
        boolean closed = items != null && items.isBoolean() && !items.booleanValue();
        Integer least = Keywords.count(schema, "minItems", pointer);
        Integer most = Keywords.count(schema, "maxItems", pointer);
        int min = least == null ? 0 : least;
        int max = most == null ? Expr.UNBOUNDED : most;
        check(schema, min, max, closed, first.size(), pointer);
        return Expr.seq(Expr.text("["), elements(first, closed ? null : rest, min, max), Expr.text("]"));
    }

    private static void check(JsonNode schema, int min, int max, boolean closed, int first, String pointer) {
        if (min > MOST_NEEDED) {
            throw new SchemaException(pointer, "minItems " + min + " is more than is supported (" + MOST_NEEDED + ")");
        }
        if (min > max || closed && min > first) {
            throw new SchemaException(pointer, "minItems " + min + " is more than there may be");
        }
        if (schema.path("uniqueItems").asBoolean(false) && max > 1) {
            throw new SchemaException(pointer, "uniqueItems is not supported for more than one item");
        }
    }

    private static Expr elements(List<Expr> first, @Nullable Expr rest, int min, int max) {
        if (max == 0) {
            return JsonText.BLANK;
        }
        Expr tail = tail(rest, Math.max(0, min - Math.max(1, first.size())), left(max, Math.max(1, first.size())));
        // From the last of the first items to the second: each is followed by what may come after it.
        for (int i = Math.min(first.size(), max) - 1; i > 0; i--) {
            Expr more = Expr.seq(Expr.text(","), JsonText.SPACE, first.get(i), tail);
            tail = i >= min ? Expr.optional(more) : more;
        }
        Expr head = first.isEmpty() ? rest : first.getFirst();
        if (head == null) {
            return JsonText.BLANK;
        }
        Expr some = Expr.seq(JsonText.SPACE, head, tail, JsonText.SPACE);
        return min == 0 ? Expr.choice(Expr.EMPTY, some) : some;
    }

    private static Expr tail(@Nullable Expr rest, int min, int max) {
        return rest == null || max == 0
                ? Expr.EMPTY
                : new Expr.Repeat(Expr.seq(Expr.text(","), JsonText.SPACE, rest), min, max);
    }

    private static int left(int max, int used) {
        return max == Expr.UNBOUNDED ? max : Math.max(0, max - used);
    }
}
