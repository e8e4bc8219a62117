package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** What a grammar holds: its intersections, inner ones first, and whether an expression needs its rules. */
final class Parts {
    private final Set<Expr> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Expr.Both> found = new ArrayList<>();

    private Parts() {}

    static List<Expr.Both> intersections(Grammar grammar) {
        Parts all = new Parts();
        all.visit(grammar.root());
        grammar.rules().forEach(all::visit);
        return all.found;
    }

    static boolean hasRule(Expr expr) {
        Parts all = new Parts();
        all.visit(expr);
        return all.seen.stream().anyMatch(Expr.Rule.class::isInstance);
    }

    static void refuseRulesAndIntersections(Expr expr) {
        Parts all = new Parts();
        all.visit(expr);
        for (Expr part : all.seen) {
            if (part instanceof Expr.Rule || part instanceof Expr.Both) {
                throw DerivativeAutomaton.unexpected(part);
            }
        }
    }

    private void visit(Expr expr) {
        if (!seen.add(expr)) {
            return;
        }
        switch (expr) {
            case Expr.Bytes bytes -> {}
            case Expr.Rule rule -> {}
            case Expr.Seq seq -> seq.items().forEach(this::visit);
            case Expr.Choice choice -> choice.options().forEach(this::visit);
            case Expr.Repeat repeat -> visit(repeat.body());
            case Expr.Both both -> {
                visit(both.left());
                visit(both.right());
                found.add(both);
            }
        }
    }
}
