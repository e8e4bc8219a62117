package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Grammars that were made apart, as parts of one: the rules of each get numbers of their own. Used once. */
public final class GrammarJoin {
    private final List<Expr> rules = new ArrayList<>();

    /** The grammar as an expression of the whole. */
    public Expr add(Grammar grammar) {
        Shift shift = new Shift(rules.size());
        grammar.rules().forEach(rule -> rules.add(shift.of(rule)));
        return shift.of(grammar.root());
    }

    public Grammar whole(Expr root) {
        return new Grammar(root, rules);
    }

    /** What is shared stays shared. */
    private static final class Shift {
        private final int by;
        private final Map<Expr, Expr> known = new IdentityHashMap<>();

        Shift(int by) {
            this.by = by;
        }

        Expr of(Expr expr) {
            if (by == 0) {
                return expr;
            }
            Expr done = known.get(expr);
            if (done == null) {
                done = made(expr);
                known.put(expr, done);
            }
            return done;
        }

        private Expr made(Expr expr) {
            return switch (expr) {
                case Expr.Bytes bytes -> bytes;
                case Expr.Rule rule -> new Expr.Rule(rule.id() + by);
                case Expr.Seq seq ->
                    new Expr.Seq(seq.items().stream().map(this::of).toList());
                case Expr.Choice choice ->
                    new Expr.Choice(choice.options().stream().map(this::of).toList());
                case Expr.Repeat repeat -> new Expr.Repeat(of(repeat.body()), repeat.min(), repeat.max());
                case Expr.Both both -> new Expr.Both(of(both.left()), of(both.right()));
            };
        }
    }
}
