package tinyllm.lab.exercises.sampling;

import java.util.List;
import tinyllm.sampling.grammar.DerivativeFn;
import tinyllm.sampling.grammar.Expr;

/** A right answer to "4.3 derivative" in small steps: a mistake replaces one of them. */
class DerivativeSteps implements DerivativeFn {

    @Override
    public boolean mayEnd(Expr expr) {
        return switch (expr) {
            case Expr.Seq seq -> sequenceEnds(seq.items());
            case Expr.Choice choice -> choiceEnds(choice.options());
            case Expr.Repeat repeat -> repeatEnds(repeat);
            default -> false;
        };
    }

    boolean sequenceEnds(List<Expr> items) {
        return items.stream().allMatch(this::mayEnd);
    }

    boolean choiceEnds(List<Expr> options) {
        return options.stream().anyMatch(this::mayEnd);
    }

    boolean repeatEnds(Expr.Repeat repeat) {
        return repeat.min() == 0 || mayEnd(repeat.body());
    }

    @Override
    public Expr after(Expr expr, int value) {
        return switch (expr) {
            case Expr.Bytes bytes -> bytes.set().has(value) ? Expr.EMPTY : Expr.NOTHING;
            case Expr.Seq seq -> seq.items().isEmpty() ? Expr.NOTHING : sequence(seq, value);
            case Expr.Choice choice -> choice(choice.options(), value);
            case Expr.Repeat repeat -> joined(after(repeat.body(), value), oneLess(repeat));
            default -> Expr.NOTHING;
        };
    }

    Expr sequence(Expr.Seq seq, int value) {
        Expr head = seq.items().getFirst();
        Expr tail = new Expr.Seq(seq.items().subList(1, seq.items().size()));
        Expr inside = joined(after(head, value), tail);
        return mayEnd(head) ? Expr.anyOf(List.of(inside, after(tail, value))) : inside;
    }

    Expr choice(List<Expr> options, int value) {
        return Expr.anyOf(options.stream().map(option -> after(option, value)).toList());
    }

    Expr joined(Expr first, Expr second) {
        return Expr.then(first, second);
    }

    Expr oneLess(Expr.Repeat repeat) {
        int max = repeat.max() == Expr.UNBOUNDED ? Expr.UNBOUNDED : repeat.max() - 1;
        return Expr.times(repeat.body(), Math.max(0, repeat.min() - 1), max);
    }
}
