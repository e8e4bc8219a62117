package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
import tinyllm.sampling.json.SchemaException;
import tinyllm.server.http.HttpException;
import tinyllm.text.Tokenizer;
import tools.jackson.databind.node.ObjectNode;

/**
 * What answers are held to, made ready for one tokenizer and remembered, so that the second request with a schema finds its masks. Made
 * on the thread that asks: a schema that takes long delays its own request alone. Safe for many threads.
 */
final class Constraints {

    /** Of each some megabytes of masks, when it is in use. */
    private static final int REMEMBERED = 32;

    private static final int MAX_CALLS = 32;

    /** Begins with a number and a string. */
    private static final String WARM_UP =
            "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"items\":{\"type\":\"object\","
                    + "\"properties\":{\"a\":{\"enum\":[1]},\"b\":{\"type\":[\"number\",\"null\"]}},\"required\":[\"a\"]}}";

    private final Tokenizer tokenizer;
    private volatile boolean warm;
    private final Map<String, Supplier<? extends TokenConstraint>> known = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Supplier<? extends TokenConstraint>> eldest) {
            return size() > REMEMBERED;
        }
    };

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

    private interface Maker {
        Supplier<? extends TokenConstraint> make();
    }

    /**
     * What an answer is held to.
     *
     * @return null when to nothing
     * @throws HttpException 400 when a schema is not supported, or nothing satisfies it
     */
    @Nullable
    Supplier<? extends TokenConstraint> of(ResponseFormat format, Tool.Use use) {
        if (use.tools().isEmpty() && format.isText()) {
            return null;
        }
        StringBuilder key = new StringBuilder(format.key());
        key.append('\n').append(use.must()).append(use.parallel());
        use.tools()
                .forEach(tool -> key.append('\n')
                        .append(tool.name())
                        .append(tool.strict())
                        .append(tool.parameters()));
        return remembered(key.toString(), () -> made(format, use));
    }

    private Supplier<? extends TokenConstraint> remembered(String key, Maker maker) {
        synchronized (known) {
            Supplier<? extends TokenConstraint> ready = known.get(key);
            if (ready != null) {
                return ready;
            }
        }
        Supplier<? extends TokenConstraint> ready = maker.make();
        synchronized (known) {
            known.put(key, ready);
        }
        return ready;
    }

    private Supplier<? extends TokenConstraint> made(ResponseFormat format, Tool.Use use) {
        GrammarJoin join = new GrammarJoin();
        if (use.tools().isEmpty()) {
            return ready(join.whole(join.add(format.grammar())), format.field())::start;
        }
        Expr call = call(join, use.tools());
        if (format.isText() && !use.must()) {
            JsonConstraint.Ready held = ready(join.whole(call), "tools");
            return new CallConstraint.Ready(ToolCalls.OPEN, held, use.parallel(), tokenizer)::start;
        }
        Expr whole = Expr.seq(Expr.text(ToolCalls.OPEN), call);
        int more = use.parallel() ? MAX_CALLS - 1 : 0;
        Expr calls = more == 0 ? whole : Expr.seq(whole, new Expr.Repeat(Expr.seq(Expr.text("\n"), whole), 0, more));
        Expr root = use.must() ? calls : Expr.choice(calls, join.add(format.grammar()));
        return ready(join.whole(root), use.must() ? "tools" : format.field())::start;
    }

    /** What comes behind the opening mark of a call, its closing mark included. */
    private static Expr call(GrammarJoin join, List<Tool> tools) {
        List<Expr> options = new ArrayList<>();
        for (int i = 0; i < tools.size(); i++) {
            Tool tool = tools.get(i);
            options.add(Expr.seq(
                    Expr.text(tool.name() + ToolCalls.ARGUMENTS),
                    join.add(arguments(tool, "tools[" + i + "].parameters"))));
        }
        return Expr.seq(Expr.text(ToolCalls.NAME), Expr.choice(options), Expr.text(ToolCalls.CLOSE));
    }

    private static Grammar arguments(Tool tool, String field) {
        if (tool.parameters().isEmpty()) {
            return JsonSchema.anyObject();
        }
        ObjectNode schema = tool.parameters().deepCopy();
        if (!schema.has("type")) {
            schema.put("type", "object");
        }
        try {
            return JsonSchema.compile(schema);
        } catch (SchemaException | GrammarException e) {
            if (tool.strict()) {
                throw HttpException.field(
                        field, field + " of the strict function " + tool.name() + ": " + e.getMessage());
            }
            return JsonSchema
                    .anyObject(); // as OpenAI does without strict: the model is shown the schema, and held to JSON
            // alone
        }
    }

    /** The first masks are looked up here, where a language without end would be noticed. */
    private JsonConstraint.Ready ready(Grammar grammar, String field) {
        try {
            JsonConstraint.Ready ready = new JsonConstraint.Ready(grammar, TokenTrie.of(tokenizer), tokenizer);
            ready.start().allowed(Integer.MAX_VALUE);
            return ready;
        } catch (GrammarException e) {
            throw HttpException.field(field, field + ": " + e.getMessage());
        }
    }
}
