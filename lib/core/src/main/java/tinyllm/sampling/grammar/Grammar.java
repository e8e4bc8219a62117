package tinyllm.sampling.grammar;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression and the rules that it refers to by number. */
public record Grammar(Expr root, List<Expr> rules) {
    public Grammar {
        rules = List.copyOf(rules);
    }

    public static Grammar of(Expr root) {
        return new Grammar(root, List.of());
    }

    /** How many expressions it has, each counted once for everywhere it is listed: what it takes to keep it. */
    public long size() {
        return Parts.size(this);
    }

    /**
     * The root with each rule's expression in its place, for readers that know no rules (chapter 4.3).
     *
     * @throws GrammarException when a rule holds itself, so that a text may be nested as deep as it likes, or it holds an intersection
     */
    public Expr expanded() {
        return expanded(root, new HashMap<>());
    }

    /** @param known by rule; null while it is being expanded */
    private Expr expanded(Expr expr, Map<Integer, @Nullable Expr> known) {
        return switch (expr) {
            case Expr.Bytes bytes -> bytes;
            case Expr.Seq seq ->
                new Expr.Seq(
                        seq.items().stream().map(item -> expanded(item, known)).toList());
            case Expr.Choice choice ->
                new Expr.Choice(choice.options().stream()
                        .map(option -> expanded(option, known))
                        .toList());
            case Expr.Repeat repeat -> new Expr.Repeat(expanded(repeat.body(), known), repeat.min(), repeat.max());
            case Expr.Both both ->
                throw new GrammarException(
                        "two conditions on one text, such as a pattern and a length, can't be told by an expression alone");
            case Expr.Rule rule -> rule(rule.id(), known);
        };
    }

    private Expr rule(int id, Map<Integer, @Nullable Expr> known) {
        Expr ready = known.get(id);
        if (ready != null) {
            return ready;
        }
        if (known.containsKey(id)) {
            throw new GrammarException(
                    "a value may hold values of its own kind, as deep as it likes: an expression without rules can't tell that");
        }
        known.put(id, null);
        Expr body = expanded(rules.get(id), known);
        known.put(id, body);
        return body;
    }
}
