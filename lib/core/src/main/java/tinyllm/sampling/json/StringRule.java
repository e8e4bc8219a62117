package tinyllm.sampling.json;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.grammar.Expr;
import tinyllm.sampling.grammar.GrammarException;
import tinyllm.sampling.grammar.Regex;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.POJONode;

/** Strings by length, pattern and format; several conditions on one string meet in an intersection. */
final class StringRule {

    /** A length beyond it is as good as none. */
    private static final int LONGEST = 100_000;

    private final SchemaCompiler compiler;

    StringRule(SchemaCompiler compiler) {
        this.compiler = compiler;
    }

    Expr of(JsonNode schema, String pointer) {
        return JsonText.quoted(content(schema, pointer));
    }

    private Expr content(JsonNode schema, String pointer) {
        List<Expr> all = new ArrayList<>();
        JsonNode own = schema.get("pattern");
        for (String pattern : own == null ? List.<String>of() : patterns(own, pointer)) {
            all.add(parse(pattern, pointer));
        }
        String format = Keywords.text(schema, "format", pointer);
        if (format != null) {
            String pattern = Formats.pattern(format);
            if (pattern == null) {
                throw new SchemaException(
                        pointer, "the format \"" + format + "\" is not supported. Supported are " + Formats.known());
            }
            all.add(parse(pattern, pointer));
        }
        Integer min = Keywords.count(schema, "minLength", pointer);
        Integer max = Keywords.count(schema, "maxLength", pointer);
        if (min != null || max != null || all.isEmpty()) {
            all.add(length(min, max, pointer));
        }
        return all.stream().reduce(Expr.Both::new).orElseThrow();
    }

    private static Expr length(@Nullable Integer min, @Nullable Integer max, String pointer) {
        int low = min == null ? 0 : min;
        int high = max == null || max > LONGEST ? Expr.UNBOUNDED : max;
        if (low > LONGEST) {
            throw new SchemaException(pointer, "minLength " + low + " is more than is supported (" + LONGEST + ")");
        }
        if (high < low) {
            throw new SchemaException(pointer, "minLength " + low + " is more than maxLength " + high);
        }
        return new Expr.Repeat(JsonText.CHARACTER, low, high);
    }

    /** The pattern, or those of several schemas that {@link Merge} has put together. */
    static List<String> patterns(JsonNode pattern, String pointer) {
        if (pattern instanceof POJONode merged && merged.getPojo() instanceof List<?> all) {
            return all.stream().map(String::valueOf).toList();
        }
        if (!pattern.isString()) {
            throw new SchemaException(pointer, "pattern must be a string, but is " + Keywords.shown(pattern));
        }
        return List.of(pattern.stringValue());
    }

    /** The content of a string that a pattern matches. */
    Expr parse(String pattern, String pointer) {
        try {
            return Regex.parse(pattern, set -> {
                compiler.budget().characters(1 + set.ranges().size() / 4);
                return JsonText.character(set);
            });
        } catch (GrammarException e) {
            throw new SchemaException(pointer, String.valueOf(e.getMessage()));
        }
    }
}
