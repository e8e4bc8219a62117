package tinyllm.sampling.grammar;

import java.util.List;
import tinyllm.course.ReferenceUse;

/** Brzozowski's derivatives, simplified on the way, so that equal rests are mostly equal expressions. */
public final class Derivative implements DerivativeFn {

    @Override
    public boolean mayEnd(Expr expr) {
        ReferenceUse.note("4.3 derivative");
        return switch (expr) {
            case Expr.Bytes bytes -> false;
            case Expr.Seq seq -> seq.items().stream().allMatch(this::mayEnd);
            case Expr.Choice choice -> choice.options().stream().anyMatch(this::mayEnd);
            case Expr.Repeat repeat -> repeat.min() == 0 || mayEnd(repeat.body());
            default -> throw DerivativeAutomaton.unexpected(expr);
        };
    }

    @Override
    public Expr after(Expr expr, int value) {
        ReferenceUse.note("4.3 derivative");
        return switch (expr) {
            case Expr.Bytes bytes -> bytes.set().has(value) ? Expr.EMPTY : Expr.NOTHING;
            case Expr.Seq seq -> sequence(seq.items(), value);
            case Expr.Choice choice ->
                Expr.anyOf(choice.options().stream()
                        .map(option -> after(option, value))
                        .toList());
            case Expr.Repeat repeat -> Expr.then(after(repeat.body(), value), oneLess(repeat));
            default -> throw DerivativeAutomaton.unexpected(expr);
        };
    }

    private Expr sequence(List<Expr> items, int value) {
        if (items.isEmpty()) {
            return Expr.NOTHING;
        }
        Expr head = items.getFirst();
        Expr tail = new Expr.Seq(items.subList(1, items.size()));
        Expr inHead = Expr.then(after(head, value), tail);
        return mayEnd(head) ? Expr.anyOf(List.of(inHead, after(tail, value))) : inHead;
    }

    private static Expr oneLess(Expr.Repeat repeat) {
        int max = repeat.max();
        if (max == 0) {
            return Expr.NOTHING; // there is no round for the byte to be in
        }
        return Expr.times(repeat.body(), Math.max(0, repeat.min() - 1), max == Expr.UNBOUNDED ? max : max - 1);
    }
}
