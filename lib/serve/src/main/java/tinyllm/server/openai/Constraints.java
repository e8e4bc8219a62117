package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.CallConstraint;
import tinyllm.sampling.JsonConstraint;
import tinyllm.sampling.TokenConstraint;
import tinyllm.sampling.grammar.Expr;
import tinyllm.sampling.grammar.Grammar;
import tinyllm.sampling.grammar.GrammarException;
import tinyllm.sampling.grammar.GrammarJoin;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.sampling.json.JsonSchema;
import tinyllm.sampling.json.SchemaBudget;
import tinyllm.sampling.json.SchemaException;
import tinyllm.server.http.HttpException;
import tinyllm.text.Tokenizer;
import tools.jackson.databind.node.ObjectNode;

/**
 * What answers are held to, made ready for one tokenizer and remembered, so that the second request with a schema finds its masks. Made
 * on few threads of their own, within limits of size and work: a schema that takes long delays requests with schemas alone. Safe for many
 * threads.
 */
final class Constraints {

    /** Of each some megabytes of masks, when it is in use. */
    private static final int REMEMBERED = 32;

    /** Of all together: expressions, of which each may become some hundred bytes when texts have passed it. */
    private static final long MOST_WEIGHT = 500_000;

    /** Characters of a key that weigh as much as an expression. */
    private static final int KEY_WEIGHT = 64;

    private static final int MAX_CALLS = 32;

    /** Begins with a number and a string. */
    private static final String WARM_UP =
            "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"items\":{\"type\":\"object\","
                    + "\"properties\":{\"a\":{\"enum\":[1]},\"b\":{\"type\":[\"number\",\"null\"]}},\"required\":[\"a\"]}}";

    private final Tokenizer tokenizer;
    private volatile boolean warm;
    private final SchemaThreads threads = new SchemaThreads();
    private final SchemaCache<Supplier<? extends TokenConstraint>> known = new SchemaCache<>(REMEMBERED, MOST_WEIGHT);

    Constraints(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * Builds what all schemas need of the tokenizer, the tree of its tokens and the masks inside of a string, so that the first request
     * with a schema does not wait for it. Fails for no one: what could not be built is built again when it is asked for.
     */
    void warmUp() {
        try {
            JsonConstraint text = ready(JsonSchema.compile(WARM_UP), "warm-up").start();
            for (int token : tokenizer.encode("[1,\"a")) {
                text.accept(token);
                text.allowed(Integer.MAX_VALUE);
            }
            warm = true;
        } catch (RuntimeException e) {
            warm = false;
        }
    }

    /** Whether {@link #warmUp} is done. */
    boolean isWarm() {
        return warm;
    }

    /** @param weight of the grammar */
    private record Made(Supplier<? extends TokenConstraint> start, long weight) {}

    /**
     * What an answer is held to.
     *
     * @return null when to nothing
     * @throws HttpException 400 when a schema is not supported, too large, or nothing satisfies it; 503 when too many others wait
     */
    @Nullable
    Supplier<? extends TokenConstraint> of(ResponseFormat format, Tool.Use use) {
        if (use.tools().isEmpty() && format.isText()) {
            return null;
        }
        checkLength(format, use);
        StringBuilder key = new StringBuilder(format.key());
        key.append('\n').append(use.must()).append(use.parallel());
        use.tools()
                .forEach(tool -> key.append('\n')
                        .append(tool.name())
                        .append(tool.strict())
                        .append(tool.parameters()));
        String name = key.toString();
        Supplier<? extends TokenConstraint> ready = known.get(name);
        if (ready != null) {
            return ready;
        }
        Made made = threads.call(() -> made(format, use));
        known.put(name, made.start, made.weight + name.length() / KEY_WEIGHT);
        return made.start;
    }

    private static void checkLength(ResponseFormat format, Tool.Use use) {
        long all = format.length();
        for (Tool tool : use.tools()) {
            all += JsonSchema.length(tool.parameters());
        }
        if (all > JsonSchema.MAX_LENGTH) {
            String field = use.tools().isEmpty() ? format.field() : "tools";
            throw HttpException.field(
                    field,
                    field + ": the request's schemas have " + all + " characters together; at most "
                            + JsonSchema.MAX_LENGTH + " are read");
        }
    }

    private Made made(ResponseFormat format, Tool.Use use) {
        SchemaBudget budget = new SchemaBudget();
        GrammarJoin join = new GrammarJoin();
        if (use.tools().isEmpty()) {
            return made(join.whole(join.add(format.grammar(budget))), format.field());
        }
        Expr call = call(join, use.tools(), budget);
        if (format.isText() && !use.must()) {
            Grammar grammar = join.whole(call);
            JsonConstraint.Ready held = ready(grammar, "tools");
            var free = new CallConstraint.Ready(ToolCalls.OPEN, held, use.parallel(), tokenizer);
            return new Made(free::start, grammar.size());
        }
        Expr whole = Expr.seq(Expr.text(ToolCalls.OPEN), call);
        int more = use.parallel() ? MAX_CALLS - 1 : 0;
        Expr calls = more == 0 ? whole : Expr.seq(whole, new Expr.Repeat(Expr.seq(Expr.text("\n"), whole), 0, more));
        Expr root = use.must() ? calls : Expr.choice(calls, join.add(format.grammar(budget)));
        return made(join.whole(root), use.must() ? "tools" : format.field());
    }

    private Made made(Grammar grammar, String field) {
        return new Made(ready(grammar, field)::start, grammar.size());
    }

    /** What comes behind the opening mark of a call, its closing mark included. */
    private static Expr call(GrammarJoin join, List<Tool> tools, SchemaBudget budget) {
        List<Expr> options = new ArrayList<>();
        for (int i = 0; i < tools.size(); i++) {
            Tool tool = tools.get(i);
            options.add(Expr.seq(
                    Expr.text(tool.name() + ToolCalls.ARGUMENTS),
                    join.add(arguments(tool, "tools[" + i + "].parameters", budget))));
        }
        return Expr.seq(Expr.text(ToolCalls.NAME), Expr.choice(options), Expr.text(ToolCalls.CLOSE));
    }

    private static Grammar arguments(Tool tool, String field, SchemaBudget budget) {
        if (tool.parameters().isEmpty()) {
            return JsonSchema.anyObject();
        }
        ObjectNode schema = tool.parameters().deepCopy();
        if (!schema.has("type")) {
            schema.put("type", "object");
        }
        return SchemaThreads.checked(field, () -> {
            try {
                return JsonSchema.compile(schema, budget);
            } catch (SchemaException | GrammarException e) {
                if (tool.strict()) {
                    throw HttpException.field(
                            field, field + " of the strict function " + tool.name() + ": " + e.getMessage());
                }
                // As OpenAI does without strict: the model is shown the schema, and held to JSON alone.
                return JsonSchema.anyObject();
            }
        });
    }

    /** The first masks are looked up here, where a language without end would be noticed. */
    private JsonConstraint.Ready ready(Grammar grammar, String field) {
        return SchemaThreads.checked(field, () -> {
            JsonConstraint.Ready ready = new JsonConstraint.Ready(grammar, TokenTrie.of(tokenizer), tokenizer);
            ready.start().allowed(Integer.MAX_VALUE);
            return ready;
        });
    }
}
