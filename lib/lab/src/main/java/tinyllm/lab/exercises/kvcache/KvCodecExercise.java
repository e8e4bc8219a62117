package tinyllm.lab.exercises.kvcache;

import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import tinyllm.cache.GroupKvCodec;
import tinyllm.cache.KvCodecFn;
import tinyllm.cache.KvCodes;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Given;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "4.1 codec". */
public final class KvCodecExercise {

    private static final int GROUP = KvCodes.GROUP;
    private static final float END = 3;
    private static final double FAR = 900;
    private static final double FAR_OFF = 0.5;

    /** @param factors {@code [1, H, L, 1]}: what each token's numbers were multiplied with */
    private record Step(Tensor numbers, Tensor factors, int bits) {}

    public static final Exercise<KvCodecFn> CODEC = Exercise.of("4.1 codec", KvCodecFn.class)
            .title("Keys and values become bytes")
            .reference(GroupKvCodec::new)
            .own("4.1 codec")
            .hint(
                    "It is chapter 2.2's ruler once more: zero is the group's smallest number, scale its range divided by the steps."
                            + " Reshape to [1, H, L, D / 64, 64], and the last axis is a group.")
            .hint(
                    "minKeep(-1) and maxKeep(-1) keep the axis, so that they broadcast. Round scale and zero to float16 before you"
                            + " use them: the codes should be right for what is stored.")
            .hint("4 bits: split the codes in two halves along the last axis; low + 16 · high is one byte. Back: high ="
                    + " floor(byte / 16), low = byte − 16 · high, concat.")
            .check(trip("8 bits", seed -> drawn(seed, 2, 5, 64, 8)))
            .check(trip("4 bits", seed -> drawn(seed, 3, 2, 64, 4)))
            .check(trip("two groups in a head", seed -> drawn(seed, 2, 3, 128, 8)))
            .check(trip("two groups, 4 bits", seed -> drawn(seed, 1, 4, 128, 4)))
            .check(bytes("bytes of 8 bits", seed -> drawn(seed, 2, 7, 64, 8)))
            .check(bytes("bytes of 4 bits", seed -> drawn(seed, 2, 7, 64, 4)))
            .check(equal("all equal"))
            .check(trip("numbers far from zero", seed -> far(drawn(seed, 2, 3, 64, 8))))
            .check(foreign("codes of 8 bits from elsewhere", seed -> drawn(seed, 2, 3, 64, 8)))
            .check(foreign("codes of 4 bits from elsewhere", seed -> drawn(seed, 2, 3, 128, 4)))
            .check(trip("numbers very far from zero", seed -> veryFar(drawn(seed, 2, 3, 64, 8)))
                    .within(0, FAR_OFF))
            .mistake(
                    "cut off instead of rounded",
                    "The codes are cut off, not rounded: the error is up to a whole step instead of half of one.",
                    codec(() -> new Parts() {
                        @Override
                        Tensor nearest(Tensor marks) {
                            return marks.floor();
                        }
                    }))
            .mistake(
                    "as many steps as codes",
                    "The range was divided by 2^bits: n marks have n − 1 steps between them.",
                    codec(() -> new Parts() {
                        @Override
                        int steps(int bits) {
                            return 1 << bits;
                        }
                    }))
            .mistake(
                    "one scale for all",
                    "All tokens share one scale and one zero: a token with large numbers spoils the others. Each token has its own.",
                    codec(() -> new Parts() {
                        @Override
                        Tensor low(Tensor x) {
                            return x.min().broadcastTo(1, x.dim(1), x.dim(2), x.dim(3), 1);
                        }

                        @Override
                        Tensor high(Tensor x) {
                            return x.max().broadcastTo(1, x.dim(1), x.dim(2), x.dim(3), 1);
                        }
                    }))
            .mistake(
                    "no zero",
                    "Code 0 stands for the number 0, so what is below has no code: let it stand for the group's smallest number.",
                    codec(() -> new Parts() {
                        @Override
                        Tensor low(Tensor x) {
                            return super.low(x).mul(0);
                        }
                    }))
            .mistake(
                    "halves swapped",
                    "The first half of the components stands in the high bits; it belongs into the low ones, or others can't read it.",
                    codec(() -> new Parts() {
                        @Override
                        Tensor byteOf(Tensor first, Tensor second) {
                            return second.add(first.mul(16));
                        }

                        @Override
                        Tensor joined(Tensor low, Tensor high) {
                            return Tensor.concat(-1, high, low);
                        }
                    }))
            .mistake(
                    "neighbours share a byte",
                    "Components 2i and 2i + 1 share a byte. The format says i and D / 2 + i, the first half in the low bits, or others"
                            + " can't read it.",
                    codec(() -> new Parts() {
                        @Override
                        Tensor[] halved(Tensor codes) {
                            Tensor pairs = codes.reshape(codes.dim(0), codes.dim(1), codes.dim(2), codes.dim(3) / 2, 2);
                            return new Tensor[] {
                                pairs.slice(4, 0, 1).squeeze(4),
                                pairs.slice(4, 1, 2).squeeze(4)
                            };
                        }

                        @Override
                        Tensor joined(Tensor low, Tensor high) {
                            return Tensor.stack(4, low, high)
                                    .reshape(low.dim(0), low.dim(1), low.dim(2), 2 * low.dim(3));
                        }
                    }))
            .mistake(
                    "around zero",
                    "The codes lie evenly around 0, so that numbers which are all positive use half of them: the zero is the group's"
                            + " smallest number.",
                    codec(() -> new Parts() {
                        @Override
                        Tensor low(Tensor x) {
                            return high(x).neg();
                        }

                        @Override
                        Tensor high(Tensor x) {
                            return x.abs().maxKeep(-1);
                        }
                    }))
            .mistake(
                    "codes below 0",
                    "Where float16 rounded the zero up, the smallest numbers have codes below 0, which as bytes are 255 and less: no code"
                            + " below 0, maximum(0).",
                    codec(() -> new Parts() {
                        @Override
                        Tensor inRange(Tensor codes, int most) {
                            return Tensor.where(codes.lt(0), codes.add(256), codes);
                        }
                    }))
            .mistake(
                    "a byte for each code",
                    "Codes of 4 bits lie in a byte each: two of them share one.",
                    codec(() -> new Parts() {
                        @Override
                        boolean pairs() {
                            return false;
                        }
                    }))
            .build();

    private KvCodecExercise() {}

    /** The right codec in small parts, so that a wrong one differs in one. */
    private abstract static class Parts implements KvCodecFn {

        Tensor nearest(Tensor marks) {
            return marks.round();
        }

        int steps(int bits) {
            return (1 << bits) - 1;
        }

        Tensor low(Tensor x) {
            return x.minKeep(-1);
        }

        Tensor high(Tensor x) {
            return x.maxKeep(-1);
        }

        Tensor byteOf(Tensor first, Tensor second) {
            return first.add(second.mul(16));
        }

        Tensor joined(Tensor low, Tensor high) {
            return Tensor.concat(-1, low, high);
        }

        boolean pairs() {
            return true;
        }

        Tensor inRange(Tensor codes, int most) {
            return codes.maximum(0).minimum(most);
        }

        Tensor[] halved(Tensor codes) {
            return codes.split(-1, 2);
        }

        @Override
        public KvCodes pack(Tensor numbers, int bits) {
            int groups = numbers.dim(3) / GROUP;
            Tensor x = numbers.reshape(1, numbers.dim(1), numbers.dim(2), groups, GROUP);
            Tensor zeros = low(x).astype(DType.F16);
            Tensor low = zeros.astype(DType.F32);
            Tensor scales = high(x).sub(low).div(steps(bits)).astype(DType.F16);
            Tensor marks = x.sub(low).div(scales.astype(DType.F32).maximum(1e-12));
            Tensor codes = inRange(nearest(marks), (1 << bits) - 1).reshape(numbers.shape());
            if (bits == 4 && pairs()) {
                Tensor[] halves = halved(codes);
                codes = byteOf(halves[0], halves[1]);
            }
            int[] small = {1, numbers.dim(1), numbers.dim(2), groups};
            return new KvCodes(codes.astype(DType.U8), scales.reshape(small), zeros.reshape(small), bits);
        }

        @Override
        public Tensor unpack(KvCodes packed) {
            Tensor codes = packed.codes().astype(DType.F32);
            if (packed.bits() == 4 && pairs()) {
                Tensor high = codes.div(16).floor();
                codes = joined(codes.sub(high.mul(16)), high);
            }
            int groups = codes.dim(3) / GROUP;
            return codes.reshape(1, codes.dim(1), codes.dim(2), groups, GROUP)
                    .mul(packed.scales().astype(DType.F32).expandDims(4))
                    .add(packed.zeros().astype(DType.F32).expandDims(4))
                    .reshape(codes.shape());
        }
    }

    private static Supplier<KvCodecFn> codec(Supplier<Parts> parts) {
        return parts::get;
    }

    /** Every group reaches from −3 to 3, times a factor of its own for each head and token: so the step is known. */
    private static Step drawn(long seed, int heads, int tokens, int dim, int bits) {
        float[] base = new Draw(seed).normal(heads * tokens * dim).toFloats();
        for (int i = 0; i < base.length; i++) {
            base[i] = i % GROUP == 0 ? -END : i % GROUP == GROUP - 1 ? END : Math.clamp(base[i], -END, END);
        }
        Tensor factors = Tensor.arange(heads * tokens).astype(DType.F32).add(1).reshape(1, heads, tokens, 1);
        return new Step(Tensor.of(base, 1, heads, tokens, dim).mul(factors), factors, bits);
    }

    /** The same, all of them positive. */
    private static Step far(Step step) {
        return new Step(step.numbers().add(step.factors().mul(2 * END)), step.factors(), step.bits());
    }

    /** So far off that float16 tells them apart only by half units and more: their zero is rounded, up or down. */
    private static Step veryFar(Step step) {
        return new Step(step.numbers().add(step.factors().mul(FAR)), step.factors(), step.bits());
    }

    /** Half a step, and what float16 rounds of scale and zero. */
    private static Case<KvCodecFn> trip(String name, LongFunction<Step> steps) {
        boolean four = name.contains("4 bits");
        return Case.<KvCodecFn, Step>of(
                        name,
                        steps,
                        (answer, in) -> Given.back(answer.unpack(packed(answer, in)), "unpack")
                                .div(in.factors()),
                        in -> in.numbers().div(in.factors()))
                .within(0, END / (four ? 15 : 255) + 0.006);
    }

    private static KvCodes packed(KvCodecFn answer, Step in) {
        return Given.back(answer.pack(in.numbers(), in.bits()), "pack");
    }

    private static Case<KvCodecFn> bytes(String name, LongFunction<Step> steps) {
        return Case.<KvCodecFn, Step>of(
                name,
                steps,
                (answer, in) -> Map.of("bytes", packed(answer, in).nbytes()),
                in -> Map.of(
                        "bytes",
                        in.numbers().size() * in.bits() / 8 + in.numbers().size() / GROUP * 4));
    }

    private static Case<KvCodecFn> equal(String name) {
        return Case.<KvCodecFn, Step>of(
                name,
                seed -> new Step(Tensor.full(0.25, DType.F32, 1, 2, 2, 64), Tensor.scalar(1), 8),
                (answer, in) -> answer.unpack(packed(answer, in)),
                Step::numbers);
    }

    private static Case<KvCodecFn> foreign(String name, LongFunction<Step> steps) {
        return Case.<KvCodecFn, Step>of(
                name,
                steps,
                (answer, in) -> answer.unpack(new Parts() {}.pack(in.numbers(), in.bits())),
                in -> new GroupKvCodec().unpack(new GroupKvCodec().pack(in.numbers(), in.bits())));
    }
}
