package tinyllm.lab.exercises.profiling;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.profile.LeastWork;
import tinyllm.profile.Work;
import tinyllm.profile.WorkFn;

/** Exercise "4.6 work". */
public final class WorkExercise {

    private static final String OPERATIONS = "floating-point operations";
    private static final String BYTES = "bytes";

    private record Linear(int tokens, int in, int out, double bits) {}

    private record Attention(int tokens, int cached, int heads, int kvHeads, int headDim, int kvBytes) {}

    public static final Exercise<WorkFn> WORK = Exercise.of("4.6 work", WorkFn.class)
            .title("Operations and bytes, counted")
            .reference(LeastWork::new)
            .hint(
                    "Each entry of [L, out] is a sum of in products: a multiply and an add each. The weights come from memory once,"
                            + " whatever L is; of the activations L · in numbers are read and L · out written, 4 bytes each.")
            .hint(
                    "In attention, token i of L looks at cached + i + 1 keys: L · cached + L (L + 1) / 2 pairs. A pair costs D"
                            + " products for the score and D for the sum of values, in each query head: 4 · heads · D operations.")
            .hint(
                    "Attention's bytes: keys and values, 2 · (cached + L) · kvHeads · D · kvBytes, and queries and results, 2 · L ·"
                            + " heads · D · 4. Count in double: an int overflows.")
            .check(linear("one token, float32", 1, 1, 32))
            .check(linear("one token, 4.5 bits", 1, 1, 4.5))
            .check(linear("many tokens, float32", 64, 1, 32))
            .check(linear("many tokens, 8.5 bits", 17, 1, 8.5))
            .check(linear("larger than an int", 64, 20_000, 32))
            .check(attention("one token over a cache", 1, 300, 2))
            .check(attention("a prompt, nothing cached", 40, 0, 4))
            .check(attention("a chunk over a cache", 12, 50, 2))
            .check(attention("the first token", 1, 0, 4))
            .check(attention("more pairs than an int counts", 60_000, 60_000, 2))
            .mistake(
                    "one operation a product",
                    "A multiply and an add are two operations: 2 · L · in · out.",
                    () -> new Steps() {
                        @Override
                        double perProduct() {
                            return 1;
                        }
                    })
            .mistake(
                    "weights read for each token",
                    "The weights were counted once for each token. They come from memory once and serve all tokens of the step:"
                            + " that is why a prompt is cheap.",
                    () -> new Steps() {
                        @Override
                        double weightBytes(Linear l) {
                            return super.weightBytes(l) * l.tokens();
                        }
                    })
            .mistake("bits as bytes", "A weight has bitsPerWeight bits: divide by 8 for bytes.", () -> new Steps() {
                @Override
                double weightBytes(Linear l) {
                    return super.weightBytes(l) * 8;
                }
            })
            .mistake(
                    "no activations",
                    "The activations are missing: L · in numbers are read and L · out are written, in float32.",
                    () -> new Steps() {
                        @Override
                        double activationBytes(Linear l) {
                            return 0;
                        }
                    })
            .mistake(
                    "results not written",
                    "The results are missing among the bytes: L · out numbers have to be written.",
                    () -> new Steps() {
                        @Override
                        double activationBytes(Linear l) {
                            return 4.0 * l.tokens() * l.in();
                        }
                    })
            .mistake(
                    "operations of one token",
                    "Only one token's operations were counted: each of the L tokens meets all weights.",
                    () -> new Steps() {
                        @Override
                        double linearOperations(Linear l) {
                            return 2.0 * l.in() * l.out();
                        }
                    })
            .mistake(
                    "an int overflows",
                    "The product of ints is larger than an int holds: begin it with a double, such as 2.0 * in * out.",
                    () -> new Steps() {
                        @Override
                        double linearOperations(Linear l) {
                            return 2 * l.tokens() * l.in() * l.out();
                        }
                    })
            .mistake(
                    "sees the future",
                    "Every token was given all L keys of its step. Causal: the first sees one of them, the last sees all, L (L + 1)"
                            + " / 2 pairs together.",
                    () -> new Steps() {
                        @Override
                        double pairs(Attention a) {
                            return (double) a.tokens() * (a.cached() + a.tokens());
                        }
                    })
            .mistake(
                    "not itself",
                    "A token looks at itself too: L (L + 1) / 2 pairs within the step, not L (L − 1) / 2.",
                    () -> new Steps() {
                        @Override
                        double pairs(Attention a) {
                            return (double) a.tokens() * a.cached() + a.tokens() * (a.tokens() - 1.0) / 2;
                        }
                    })
            .mistake(
                    "scores only",
                    "Only the scores were counted: the sum of the values by their weights costs as much again.",
                    () -> new Steps() {
                        @Override
                        double perPair(Attention a) {
                            return 2.0 * a.heads() * a.headDim();
                        }
                    })
            .mistake(
                    "keys for every query head",
                    "Keys and values were counted for every query head; only kvHeads of them are stored, and the query heads of a"
                            + " group share one.",
                    () -> new Steps() {
                        @Override
                        double kvBytes(Attention a) {
                            return super.kvBytes(a) / a.kvHeads() * a.heads();
                        }
                    })
            .mistake("keys without values", "Keys were counted, values not: both come from memory.", () -> new Steps() {
                @Override
                double kvBytes(Attention a) {
                    return super.kvBytes(a) / 2;
                }
            })
            .mistake(
                    "only what is cached",
                    "The step's own keys and values are missing among the bytes: cached + L rows are there.",
                    () -> new Steps() {
                        @Override
                        double kvBytes(Attention a) {
                            return 2.0 * a.cached() * a.kvHeads() * a.headDim() * a.kvBytes();
                        }
                    })
            .build();

    private WorkExercise() {}

    /** The right counts in steps, of which each mistake replaces one. */
    private static class Steps implements WorkFn {

        double perProduct() {
            return 2;
        }

        double linearOperations(Linear l) {
            return perProduct() * l.tokens() * l.in() * l.out();
        }

        double weightBytes(Linear l) {
            return (double) l.in() * l.out() * l.bits() / 8;
        }

        double activationBytes(Linear l) {
            return 4.0 * l.tokens() * ((double) l.in() + l.out());
        }

        double pairs(Attention a) {
            return (double) a.tokens() * a.cached() + a.tokens() * (a.tokens() + 1.0) / 2;
        }

        double perPair(Attention a) {
            return 2 * perProduct() * a.heads() * a.headDim();
        }

        double kvBytes(Attention a) {
            return 2.0 * (a.cached() + a.tokens()) * a.kvHeads() * a.headDim() * a.kvBytes();
        }

        @Override
        public Work linear(int tokens, int in, int out, double bitsPerWeight) {
            Linear l = new Linear(tokens, in, out, bitsPerWeight);
            return new Work(Math.abs(linearOperations(l)), weightBytes(l) + activationBytes(l));
        }

        @Override
        public Work attention(int tokens, int cached, int heads, int kvHeads, int headDim, int kvBytes) {
            Attention a = new Attention(tokens, cached, heads, kvHeads, headDim, kvBytes);
            return new Work(perPair(a) * pairs(a), kvBytes(a) + 8.0 * tokens * heads * headDim);
        }
    }

    /** @param scale of in and out */
    private static Case<WorkFn> linear(String name, int tokens, int scale, double bits) {
        return Case.of(
                name,
                seed -> {
                    Draw draw = new Draw(seed);
                    return new Linear(tokens, scale * draw.between(3, 40), scale * draw.between(41, 90), bits);
                },
                (answer, in) -> seen(answer.linear(in.tokens(), in.in(), in.out(), in.bits())));
    }

    private static Case<WorkFn> attention(String name, int tokens, int cached, int kvBytes) {
        return Case.of(
                name,
                seed -> {
                    Draw draw = new Draw(seed);
                    int kvHeads = draw.between(2, 4);
                    return new Attention(
                            tokens, cached, kvHeads * draw.between(3, 7), kvHeads, 2 * draw.between(8, 64), kvBytes);
                },
                (answer, in) -> seen(answer.attention(
                        in.tokens(), in.cached(), in.heads(), in.kvHeads(), in.headDim(), in.kvBytes())));
    }

    private static @Nullable Map<String, Object> seen(@Nullable Work work) {
        if (work == null) {
            return null;
        }
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put(OPERATIONS, work.flops());
        seen.put(BYTES, work.bytes());
        return seen;
    }
}
