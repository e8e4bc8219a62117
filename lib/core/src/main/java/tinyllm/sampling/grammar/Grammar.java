package tinyllm.sampling.grammar;

import java.util.List;

/** An expression and the rules that it refers to by number. */
public record Grammar(Expr root, List<Expr> rules) {
    public Grammar {
        rules = List.copyOf(rules);
    }

    public static Grammar of(Expr root) {
        return new Grammar(root, List.of());
    }
}
