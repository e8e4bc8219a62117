package tinyllm.lab.exercises.rope;

import java.util.function.LongFunction;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.Rope;
import tinyllm.nn.RopeFn;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercises "1.2 rope" (pairs of halves) and "1.2 both layouts". */
public final class RopeExercises {

    private static final double QWEN = 1e6;

    /** Inputs of one case. */
    private record Input(Tensor x, int offset, double theta, boolean traditional) {}

    public static final Exercise<RopeFn> ROPE = shared(Exercise.of("1.2 rope", RopeFn.class), false)
            .title("Rotate pairs by position")
            .reference(Rope::new)
            .hint(
                    "Number i of the first half and number i of the second half are a point in the plane. Turn it by the angle"
                            + " (offset + p) · theta^(-2i/D).")
            .hint(
                    "The angles are a table [L, D/2]. Cut x with slice(-1, 0, half) and slice(-1, half, 2 * half) into a and b, both"
                            + " [..., L, D/2]: the table broadcasts over the axes before.")
            .hint(
                    "Tensor.concat(-1, a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos))).astype(x.dtype()), with cos and sin"
                            + " of the table of angles.")
            .mistake(
                    "neighbours paired",
                    "Number 2i is paired with its neighbour 2i + 1. Qwen's checkpoints pair the halves: i with i + D/2.",
                    () -> rope((p, i, half, theta) -> p * speed(i, half, theta), false, Turn.FORWARD))
            .build();

    public static final Exercise<RopeFn> BOTH = shared(Exercise.of("1.2 both layouts", RopeFn.class), true)
            .title("Halves and neighbours")
            .reference(Rope::new)
            .hint("The turning is the same. Only who is paired with whom differs, and the result must lie where x lay.")
            .hint(
                    "Neighbours: x.at(\"..., ::2\") are the even numbers, x.at(\"..., 1::2\") the odd ones. Turn them as before.")
            .hint(
                    "To put them back as even, odd, even, odd: Tensor.stack(-1, turnedEven, turnedOdd).reshape(x.shape()).")
            .check(situation("neighbours, one pair", seed -> inputs(seed, 0, QWEN, true, 4, 2)))
            .check(situation("neighbours, four pairs", seed -> inputs(seed, 0, 1e4, true, 5, 8)))
            .check(situation("neighbours, batch and heads, offset 9", seed -> inputs(seed, 9, QWEN, true, 2, 3, 4, 8)))
            .check(situation("neighbours, float16", seed -> half(inputs(seed, 3, QWEN, true, 2, 3, 8))))
            .mistake(
                    "layout ignored",
                    "Both layouts come out as halves: with traditional = true number 2i is paired with its neighbour 2i + 1.",
                    () -> (x, offset, theta, traditional) -> new Rope().rotate(x, offset, theta, false))
            .mistake(
                    "neighbours always",
                    "Both layouts come out as neighbours: with traditional = false the pairs are i and i + D/2.",
                    () -> (x, offset, theta, traditional) -> new Rope().rotate(x, offset, theta, true))
            .mistake(
                    "layouts swapped",
                    "The layouts are swapped: traditional = true means neighbours (2i, 2i + 1), false means halves.",
                    () -> (x, offset, theta, traditional) -> new Rope().rotate(x, offset, theta, !traditional))
            .mistake(
                    "neighbours not put back",
                    "The pairs turn rightly, but the result lies as all even numbers and then all odd ones. Interleave them again:"
                            + " stack on a new last axis, then reshape.",
                    () -> (x, offset, theta, traditional) -> traditional
                            ? apart(new Rope().rotate(x, offset, theta, true))
                            : new Rope().rotate(x, offset, theta, false))
            .mistake(
                    "speed counted by number",
                    "In the neighbours' layout the speed must be counted by pair: numbers 2i and 2i + 1 turn by theta^(-2i/D), the"
                            + " i of the pair. Here i is the number's place in the vector, so pairs turn too slowly.",
                    () -> (x, offset, theta, traditional) -> traditional
                            ? rope((p, i, half, t) -> p * speed(2 * i, half, t), false, Turn.FORWARD)
                                    .rotate(x, offset, theta, true)
                            : new Rope().rotate(x, offset, theta, false))
            .build();

    private RopeExercises() {}

    /** The angle of pair i at position p. */
    private interface Angle {
        double at(int p, int i, int half, double theta);
    }

    /** What becomes of a pair (a, b) under an angle. */
    private enum Turn {
        FORWARD {
            @Override
            Tensor[] of(Tensor a, Tensor b, Tensor cos, Tensor sin) {
                return new Tensor[] {a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos))};
            }
        },
        BACKWARD {
            @Override
            Tensor[] of(Tensor a, Tensor b, Tensor cos, Tensor sin) {
                return new Tensor[] {a.mul(cos).add(b.mul(sin)), b.mul(cos).sub(a.mul(sin))};
            }
        },
        OVERWRITTEN {
            @Override
            Tensor[] of(Tensor a, Tensor b, Tensor cos, Tensor sin) {
                Tensor turned = a.mul(cos).sub(b.mul(sin));
                return new Tensor[] {turned, turned.mul(sin).add(b.mul(cos))};
            }
        },
        PLUS_PLUS {
            @Override
            Tensor[] of(Tensor a, Tensor b, Tensor cos, Tensor sin) {
                return new Tensor[] {a.mul(cos).add(b.mul(sin)), a.mul(sin).add(b.mul(cos))};
            }
        },
        SWAPPED {
            @Override
            Tensor[] of(Tensor a, Tensor b, Tensor cos, Tensor sin) {
                Tensor[] right = FORWARD.of(a, b, cos, sin);
                return new Tensor[] {right[1], right[0]};
            }
        },
        FIRST_ONLY {
            @Override
            Tensor[] of(Tensor a, Tensor b, Tensor cos, Tensor sin) {
                return new Tensor[] {FORWARD.of(a, b, cos, sin)[0], b};
            }
        };

        abstract Tensor[] of(Tensor a, Tensor b, Tensor cos, Tensor sin);
    }

    private static double speed(int i, int half, double theta) {
        return Math.pow(theta, -(double) i / half);
    }

    /** The situations of the halves' layout and the mistakes that both exercises share. */
    private static Exercise.Builder<RopeFn> shared(Exercise.Builder<RopeFn> exercise, boolean both) {
        exercise.check(situation("one pair", seed -> inputs(seed, 0, QWEN, false, 4, 2)))
                .check(situation("four pairs", seed -> inputs(seed, 0, 1e4, false, 5, 8)))
                .check(situation("batch and heads", seed -> inputs(seed, 0, QWEN, false, 2, 3, 4, 8)))
                .check(situation("as many heads as tokens, offset 5", seed -> inputs(seed, 5, 500, false, 1, 4, 4, 6)))
                .check(situation("one token at position 300", seed -> inputs(seed, 300, QWEN, false, 1, 2, 1, 64))
                        .within(0, 1e-3))
                .check(situation("position 4000", seed -> inputs(seed, 4000, QWEN, false, 3, 8))
                        .within(0, 5e-3))
                .check(situation("float16", seed -> half(inputs(seed, 2, QWEN, false, 2, 3, 8))));
        turns(exercise, both);
        return angles(exercise, both);
    }

    private static void turns(Exercise.Builder<RopeFn> exercise, boolean both) {
        Angle right = (p, i, half, theta) -> p * speed(i, half, theta);
        exercise.mistake(
                        "turned backwards",
                        "The pairs turn backwards: it is (a cos - b sin, a sin + b cos). Distances keep their size, but before and"
                                + " after are swapped.",
                        () -> answer(right, Turn.BACKWARD, both))
                .mistake(
                        "overwritten",
                        "The second number of each pair is computed from the first one's new value. Both need the old a and b.",
                        () -> answer(right, Turn.OVERWRITTEN, both))
                .mistake(
                        "two plus signs",
                        "Both sums have a plus: that is no rotation, and lengths change. One of them is a minus: a cos - b sin.",
                        () -> answer(right, Turn.PLUS_PLUS, both))
                .mistake(
                        "halves swapped",
                        "The two numbers of each pair are exchanged: the first is a cos - b sin, the second a sin + b cos.",
                        () -> answer(right, Turn.SWAPPED, both))
                .mistake(
                        "half of it",
                        "Only the first number of each pair changed: the second becomes a sin + b cos.",
                        () -> answer(right, Turn.FIRST_ONLY, both))
                .mistake(
                        "float32 for float16",
                        "x is float16 and the result is float32: cos and sin widened it. Go back with astype(x.dtype()).",
                        () -> (x, offset, theta, traditional) ->
                                new Rope().rotate(x.astype(DType.F32), offset, theta, traditional));
    }

    private static Exercise.Builder<RopeFn> angles(Exercise.Builder<RopeFn> exercise, boolean both) {
        return exercise.mistake(
                        "offset ignored",
                        "The first vector stands at position offset, not at 0: add the offset to the position. Without it every"
                                + " cached token would stand in the wrong place.",
                        () -> (x, offset, theta, traditional) -> new Rope().rotate(x, 0, theta, traditional))
                .mistake(
                        "counted from one",
                        "Positions are counted from 1: the first vector stands at position offset itself and, without an offset,"
                                + " does not turn at all.",
                        () -> (x, offset, theta, traditional) -> new Rope().rotate(x, offset + 1, theta, traditional))
                .mistake(
                        "exponent halved",
                        "The pairs turn too fast: the exponent is -2i/D, which is -i/(D/2), not -i/D.",
                        () -> answer((p, i, half, theta) -> p * Math.pow(theta, -i / (2.0 * half)), Turn.FORWARD, both))
                .mistake(
                        "exponent doubled",
                        "The pairs turn too slowly: the exponent is -2i/D with i counting pairs, and D all numbers of a head.",
                        () -> answer((p, i, half, theta) -> p * Math.pow(theta, -2.0 * i / half), Turn.FORWARD, both))
                .mistake(
                        "exponent with a plus",
                        "The pairs turn faster and faster: the exponent is negative, theta^(-2i/D), so that the last pair is the slowest.",
                        () -> answer((p, i, half, theta) -> p / speed(i, half, theta), Turn.FORWARD, both))
                .mistake(
                        "a base of its own",
                        "The base is fixed at 10,000: use the argument theta, which is 1,000,000 in Qwen2.5.",
                        () -> answer((p, i, half, theta) -> p * speed(i, half, 10_000), Turn.FORWARD, both))
                .mistake(
                        "integer division",
                        "Every pair turns at the speed of pair 0: -2 * i / D in integers is 0 for small i. Divide as double.",
                        () -> answer((p, i, half, theta) -> p, Turn.FORWARD, both))
                .mistake(
                        "one position for all",
                        "All vectors turn by the same angle: the position grows along axis -2, offset + 0, offset + 1, ….",
                        () -> onePosition());
    }

    private static RopeFn onePosition() {
        return (x, offset, theta, traditional) -> {
            Tensor[] rows = new Tensor[x.dim(-2)];
            for (int p = 0; p < rows.length; p++) {
                rows[p] = new Rope().rotate(x.slice(-2, p, p + 1), offset, theta, traditional);
            }
            return Tensor.concat(-2, rows);
        };
    }

    /** A wrong turn in the layout that is asked for; the first exercise knows halves alone. */
    private static RopeFn answer(Angle angle, Turn turn, boolean both) {
        return (x, offset, theta, traditional) ->
                rope(angle, !(both && traditional), turn).rotate(x, offset, theta, traditional);
    }

    private static RopeFn rope(Angle angle, boolean halves, Turn turn) {
        return (x, offset, theta, ignored) -> {
            int half = x.dim(-1) / 2;
            Tensor table = table(angle, x.dim(-2), half, offset, theta);
            Tensor wide = halves ? x.astype(DType.F32) : apart(x.astype(DType.F32));
            Tensor[] turned =
                    turn.of(wide.slice(-1, 0, half), wide.slice(-1, half, 2 * half), table.cos(), table.sin());
            Tensor out = halves
                    ? Tensor.concat(-1, turned)
                    : Tensor.stack(-1, turned).reshape(x.shape());
            return out.astype(x.dtype());
        };
    }

    private static Tensor table(Angle angle, int length, int half, int offset, double theta) {
        double[] angles = new double[length * half];
        for (int p = 0; p < length; p++) {
            for (int i = 0; i < half; i++) {
                angles[p * half + i] = angle.at(offset + p, i, half, theta);
            }
        }
        return Tensor.of(angles, length, half);
    }

    /** All even numbers of the last axis, then all odd ones. */
    private static Tensor apart(Tensor x) {
        return Tensor.concat(-1, x.at("..., ::2"), x.at("..., 1::2"));
    }

    private static Case<RopeFn> situation(String name, LongFunction<Input> inputs) {
        return Case.of(
                name,
                inputs,
                (RopeFn answer, Input in) -> answer.rotate(in.x(), in.offset(), in.theta(), in.traditional()));
    }

    private static Input inputs(long seed, int offset, double theta, boolean traditional, int... shape) {
        return new Input(new Draw(seed).normal(shape), offset, theta, traditional);
    }

    private static Input half(Input in) {
        return new Input(in.x().astype(DType.F16), in.offset(), in.theta(), in.traditional());
    }
}
