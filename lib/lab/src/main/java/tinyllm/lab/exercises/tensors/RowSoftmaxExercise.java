package tinyllm.lab.exercises.tensors;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;
import tinyllm.arrays.RowSoftmax;
import tinyllm.arrays.RowSoftmaxFn;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;

/** Exercise "0.1 softmax": about numbers that overflow and underflow; chapter 1.1 has the one about axes. */
public final class RowSoftmaxExercise {

    public static final Exercise<RowSoftmaxFn> SOFTMAX = Exercise.of("0.1 softmax", RowSoftmaxFn.class)
            .title("A softmax that does not overflow")
            .reference(RowSoftmax::new)
            .hint("Adding one constant to all scores changes no probability. Choose the constant so that no"
                    + " exponential can overflow and their sum can't be 0.")
            .hint("Subtract the largest score: the largest exponential is then exp(0) = 1. Begin the search for it"
                    + " at minus infinity, since all scores may be negative.")
            .hint("log(exp(x - max) / sum) is x - max - log(sum): no exponential of x itself is left, so nothing can"
                    + " become 0.")
            .check(situation("four scores around 0", seed -> drawn(seed, 4, 1, 0)))
            .check(situation("one score alone", seed -> drawn(seed, 1, 1, 0)))
            .check(situation("scores around 100", seed -> drawn(seed, 5, 3, 100)))
            .check(situation("scores around 1000", seed -> drawn(seed, 5, 3, 1000)))
            .check(situation("scores around -1000", seed -> drawn(seed, 5, 3, -1000)))
            .check(situation("one far above the others", seed -> outlier(seed, 2000)))
            .check(situation("one far below the others", seed -> outlier(seed, -2000)))
            .check(situation("a masked score (minus infinity)", seed -> outlier(seed, Float.NEGATIVE_INFINITY)))
            .mistake(
                    "overflow",
                    "Large scores overflow: exp(1000) is infinity, and infinity / infinity is NaN. Subtract the"
                            + " largest score first.",
                    () -> new Steps() {
                        @Override
                        double shift(float[] x) {
                            return 0;
                        }
                    })
            .mistake(
                    "overflow in float",
                    "An exponential was kept as a float, which ends at e^88. Subtract the largest score first, then no"
                            + " exponential is above 1.",
                    () -> new Steps() {
                        @Override
                        double exp(double x) {
                            return (float) Math.exp(x);
                        }

                        @Override
                        double shift(float[] x) {
                            return 0;
                        }
                    })
            .mistake(
                    "the formula as it stands",
                    "Two things: large scores overflow, exp(1000) is infinity, so subtract the largest score first. And the"
                            + " logarithm was taken of the finished probability: write it out, x - max - log(sum).",
                    () -> new Steps() {
                        @Override
                        double exp(double x) {
                            return (float) Math.exp(x);
                        }

                        @Override
                        double shift(float[] x) {
                            return 0;
                        }

                        @Override
                        double log(float[] x, int i) {
                            return Math.log(softmax(x)[i]);
                        }
                    })
            .mistake(
                    "maximum searched from 0",
                    "The search for the largest score began at 0, so scores that are all negative are not shifted, and"
                            + " their exponentials all became 0. Begin at Float.NEGATIVE_INFINITY.",
                    () -> new Steps() {
                        @Override
                        double shift(float[] x) {
                            return Math.max(0, super.shift(x));
                        }
                    })
            .mistake(
                    "the mean instead of the maximum",
                    "The mean was subtracted, so a score far above it still overflows. Subtract the largest.",
                    () -> new Steps() {
                        @Override
                        double shift(float[] x) {
                            double sum = 0;
                            for (float v : x) {
                                sum += v;
                            }
                            return sum / x.length;
                        }
                    })
            .mistake(
                    "the minimum instead of the maximum",
                    "The smallest score was subtracted, which makes the exponentials larger, not smaller. Subtract the"
                            + " largest.",
                    () -> new Steps() {
                        @Override
                        double shift(float[] x) {
                            double min = Double.POSITIVE_INFINITY;
                            for (float v : x) {
                                min = Math.min(min, v);
                            }
                            return min;
                        }
                    })
            .mistake(
                    "logarithm of a vanished probability",
                    "The logarithm was taken of the finished probability, which had become 0, so it is minus infinity."
                            + " Write the logarithm out: x - max - log(sum).",
                    () -> new Steps() {
                        @Override
                        double log(float[] x, int i) {
                            return Math.log(softmax(x)[i]);
                        }
                    })
            .mistake(
                    "the maximum forgotten in the logarithm",
                    "The log-probability is off by the largest score: the sum was made of shifted scores, so the score"
                            + " has to be shifted too, x - max - log(sum).",
                    () -> new Steps() {
                        @Override
                        double log(float[] x, int i) {
                            return x[i] - Math.log(sum(x));
                        }
                    })
            .mistake(
                    "not normalised",
                    "The probabilities don't sum to 1: divide every exponential by their sum.",
                    () -> new Steps() {
                        @Override
                        double divisor(double sum) {
                            return 1;
                        }
                    })
            .mistake(
                    "divided by the largest",
                    "The scores were divided by the largest. That changes the probabilities; subtracting does not.",
                    () -> new Steps() {
                        @Override
                        double relative(float[] x, int i) {
                            return x[i] / shift(x);
                        }
                    })
            .mistake(
                    "decimal logarithm",
                    "The logarithm is the decimal one: Math.log is the natural one.",
                    () -> new Steps() {
                        @Override
                        double log(float[] x, int i) {
                            return super.log(x, i) / Math.log(10);
                        }
                    })
            .build();

    private RowSoftmaxExercise() {}

    /** Both methods on one row; the log-probability of the first score, which is always finite. */
    private static Case<RowSoftmaxFn> situation(String name, LongFunction<float[]> scores) {
        return Case.of(name, scores, (answer, row) -> {
            float[] probabilities = answer.softmax(row.clone());
            if (probabilities == null) {
                return null;
            }
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("softmax", probabilities);
            out.put("log-probability", answer.logProbability(row.clone(), 0));
            return out;
        });
    }

    private static float[] drawn(long seed, int count, double spread, double around) {
        return new Draw(seed).scaled(spread, count).add(around).toFloats();
    }

    /** Six scores around 0, of which the third is set. */
    private static float[] outlier(long seed, float value) {
        float[] scores = drawn(seed, 6, 1, 0);
        scores[2] = value;
        return scores;
    }

    /** The right way in steps, of which each mistake replaces one. */
    private static class Steps implements RowSoftmaxFn {

        double shift(float[] x) {
            double max = Double.NEGATIVE_INFINITY;
            for (float v : x) {
                max = Math.max(max, v);
            }
            return max;
        }

        double exp(double x) {
            return Math.exp(x);
        }

        double relative(float[] x, int i) {
            return x[i] - shift(x);
        }

        double divisor(double sum) {
            return sum;
        }

        double log(float[] x, int i) {
            return relative(x, i) - Math.log(sum(x));
        }

        double sum(float[] x) {
            double sum = 0;
            for (int i = 0; i < x.length; i++) {
                sum += exp(relative(x, i));
            }
            return sum;
        }

        @Override
        public float[] softmax(float[] scores) {
            double divisor = divisor(sum(scores));
            float[] out = new float[scores.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = (float) (exp(relative(scores, i)) / divisor);
            }
            return out;
        }

        @Override
        public double logProbability(float[] scores, int index) {
            return log(scores, index);
        }
    }
}
