package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** What a grammar holds: its intersections, inner ones first, how large it is, and whether an expression needs its rules. */
final class Parts {
    private final Map<Expr, Integer> heights =
            new IdentityHashMap<>(); // how many intersections lie in each other there
    private final List<List<Expr.Both>> found = new ArrayList<>();
    private long size;

    private Parts() {}

    /** Those that hold no other, then those that hold only such, and so on. */
    static List<List<Expr.Both>> intersections(Grammar grammar) {
        return of(grammar).found;
    }

    /** How many expressions there are, each counted once for everywhere it is listed. */
    static long size(Grammar grammar) {
        return of(grammar).size;
    }

    private static Parts of(Grammar grammar) {
        Parts all = new Parts();
        all.visit(grammar.root());
        grammar.rules().forEach(all::visit);
        return all;
    }

    static boolean hasRule(Expr expr) {
        Parts all = new Parts();
        all.visit(expr);
        return all.heights.keySet().stream().anyMatch(Expr.Rule.class::isInstance);
    }

    static void refuseRulesAndIntersections(Expr expr) {
        Parts all = new Parts();
        all.visit(expr);
        for (Expr part : all.heights.keySet()) {
            if (part instanceof Expr.Rule || part instanceof Expr.Both) {
                throw DerivativeAutomaton.unexpected(part);
            }
        }
    }

    private int visit(Expr expr) {
        size++;
        Integer known = heights.get(expr);
        if (known == null) {
            known = height(expr);
            heights.put(expr, known);
        }
        return known;
    }

    private int height(Expr expr) {
        return switch (expr) {
            case Expr.Bytes bytes -> 0;
            case Expr.Rule rule -> 0;
            case Expr.Seq seq -> highest(seq.items());
            case Expr.Choice choice -> highest(choice.options());
            case Expr.Repeat repeat -> visit(repeat.body());
            case Expr.Both both -> {
                int inside = Math.max(visit(both.left()), visit(both.right()));
                while (found.size() <= inside) {
                    found.add(new ArrayList<>());
                }
                found.get(inside).add(both);
                yield inside + 1;
            }
        };
    }

    private int highest(List<Expr> all) {
        int highest = 0;
        for (Expr each : all) {
            highest = Math.max(highest, visit(each));
        }
        return highest;
    }
}
