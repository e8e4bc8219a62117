package tinyllm.sampling.grammar;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The fewest bytes that each expression takes; {@link #NEVER} for one that no string satisfies. */
final class Lengths {

    static final long NEVER = 1L << 40;

    private final List<Expr> rules;
    private final Map<Expr, Long> meetings; // what is known of intersections, by identity
    private final long[] ofRule;
    private final WorkBudget work;
    private final Map<Expr, Long> known = new IdentityHashMap<>();

    /**
     * Rules start at "never" and shrink until nothing changes: the least solution, which recursion without an end never reaches. An intersection counts as the
     * longer of its sides until it is known.
     */
    Lengths(List<Expr> rules, Map<Expr, Long> meetings, WorkBudget work) {
        this.work = work;
        this.rules = rules;
        this.meetings = meetings;
        this.ofRule = new long[rules.size()];
        Arrays.fill(ofRule, NEVER);
        boolean changed = true;
        while (changed) {
            changed = false;
            known.clear();
            for (int i = ofRule.length - 1; i >= 0; i--) { // what a rule refers to was mostly made after it
                long length = of(this.rules.get(i));
                changed |= length < ofRule[i];
                ofRule[i] = Math.min(ofRule[i], length);
            }
        }
        known.clear();
    }

    long of(Expr expr) {
        Long length = known.get(expr);
        if (length == null) {
            length = Math.min(NEVER, compute(expr));
            known.put(expr, length);
        }
        return length;
    }

    private long compute(Expr expr) {
        return switch (expr) {
            case Expr.Bytes bytes -> bytes.set().isEmpty() ? NEVER : 1;
            case Expr.Seq seq -> sum(seq);
            case Expr.Choice choice -> least(choice);
            case Expr.Repeat repeat -> times(repeat, repeat.min());
            case Expr.Rule rule -> ofRule[rule.id()];
            case Expr.Both both -> meetings.getOrDefault(both, Math.max(of(both.left()), of(both.right())));
        };
    }

    private long least(Expr.Choice choice) {
        work.spend(choice.options().size());
        return choice.options().stream().mapToLong(this::of).min().orElse(NEVER);
    }

    private long sum(Expr.Seq seq) {
        work.spend(seq.items().size());
        long sum = 0;
        for (Expr item : seq.items()) {
            sum = Math.min(NEVER, sum + of(item));
        }
        return sum;
    }

    long times(Expr.Repeat repeat, long times) {
        return times == 0 ? 0 : Math.min(NEVER, of(repeat.body()) * times);
    }
}
