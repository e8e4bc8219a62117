package tinyllm.lab.exercises.grouped;

import java.util.Arrays;
import java.util.function.LongFunction;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.MaskFn;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercises "1.3 causal mask" and "1.3 padding mask". */
public final class MaskExercises {

    private static final String NAN = "0 · −∞ is NaN, so the visible places are NaN: don't multiply by −∞, choose with"
            + " Tensor.where(visible, 0, −∞).";
    private static final String ONES =
            "The mask holds 1 and 0, as if it were multiplied. It is added to the scores: 0 changes"
                    + " nothing, −∞ hides.";
    private static final String BOOL =
            "The mask holds true and false. It is added to the scores, so it holds 0 where a query may"
                    + " look and −∞ where not: Tensor.where.";
    private static final String FINITE =
            "A large negative number stands where −∞ should: a score can be larger still, and e^−∞ is"
                    + " exactly 0. Use Double.NEGATIVE_INFINITY.";
    private static final String DTYPE =
            "The mask is float32, whatever dtype was asked for: give both numbers the argument dtype,"
                    + " Tensor.scalar(0, dtype).";

    private record Size(int l, int s, DType dtype) {}

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Batch(int[] lengths, int s, DType dtype) {}

    public static final Exercise<MaskFn> CAUSAL = causalMistakes(Exercise.of("1.3 causal mask", MaskFn.class)
                    .title("Nobody reads the future")
                    .reference(Masks::new)
                    .hint("Give the keys numbers 0 … S−1 and the queries their positions; a key is visible when its"
                            + " position is not greater than the query's.")
                    .hint("With a column [L, 1] of query positions and a row [1, S] of key positions, key.le(query)"
                            + " is [L, S]. The queries are the last L of S tokens: query i stands at position i +"
                            + " (S − L).")
                    .hint("Tensor.where(visible, Tensor.scalar(0, dtype), Tensor.scalar(Double.NEGATIVE_INFINITY,"
                            + " dtype)); and before it: if (l > s) throw new IllegalArgumentException(\"…\")."))
            .check(causal("four tokens", seed -> new Size(4, 4, DType.F32)))
            .check(causal("one token", seed -> new Size(1, 1, DType.F32)))
            .check(causal("one new token after four", seed -> new Size(1, 5, DType.F32)))
            .check(causal("two new tokens after three", seed -> new Size(2, 5, DType.F32)))
            .check(causal("some length", MaskExercises::someSize))
            .check(causal("float16", seed -> new Size(3, 4, DType.F16)))
            .check(causal("bfloat16", seed -> new Size(2, 2, DType.BF16)))
            .check(refusedCausal("more queries than keys", seed -> new Size(3, 2, DType.F32)))
            .build();

    public static final Exercise<MaskFn> PADDING = paddingMistakes(Exercise.of("1.3 padding mask", MaskFn.class)
                    .title("Nobody reads the filling")
                    .reference(Masks::new)
                    .hint("Key j of row b is real when j is less than that row's length.")
                    .hint("Compare a row of key numbers [1, 1, 1, S] with a column of lengths [B, 1, 1, 1]:"
                            + " broadcasting makes [B, 1, 1, S], which fits scores [B, H, L, S].")
                    .hint("Tensor.arange(s).reshape(1, 1, 1, s).lt(Tensor.of(lengths, lengths.length, 1, 1, 1)),"
                            + " then Tensor.where as in the causal mask; before it refuse every length outside of"
                            + " 1…s."))
            .check(padding(
                    "three texts", seed -> new Batch(new int[] {new Draw(seed).between(2, 4), 5, 1}, 5, DType.F32)))
            .check(padding("one text, nothing to fill", seed -> new Batch(new int[] {4}, 4, DType.F32)))
            .check(padding("as many texts as tokens", seed -> new Batch(new int[] {2, 1, 3}, 3, DType.F32)))
            .check(padding("some lengths", MaskExercises::someBatch))
            .check(padding("float16", seed -> new Batch(new int[] {1, 4}, 6, DType.F16)))
            .check(padding("bfloat16", seed -> new Batch(new int[] {2, 3}, 4, DType.BF16)))
            .check(refusedPadding("an empty text", seed -> new Batch(new int[] {2, 0}, 3, DType.F32)))
            .check(refusedPadding("a text longer than S", seed -> new Batch(new int[] {2, 4}, 3, DType.F32)))
            .build();

    private MaskExercises() {}

    private static Exercise.Builder<MaskFn> causalMistakes(Exercise.Builder<MaskFn> exercise) {
        return exercise.mistake(
                        "not itself",
                        "Row {row} hides column {column}, the token itself; the first row has nothing left to see and"
                                + " becomes NaN in the softmax. A key is visible when its position is less than or equal"
                                + " to the query's.",
                        () -> causalBy((i, j, l, s) -> j < i + s - l))
                .mistake(
                        "wrong offset",
                        "Row {row} hides column {column}: with fewer queries than keys, query 0 is not token 0. The"
                                + " queries are the last L, so query i stands at i + (S − L).",
                        () -> causalBy((i, j, l, s) -> j <= i))
                .mistake(
                        "offset taken away",
                        "Row {row} hides column {column}: S − L was subtracted, and query i stands behind the S − L tokens that"
                                + " were there before: i + (S − L).",
                        () -> causalBy((i, j, l, s) -> j <= i - (s - l)))
                .mistake(
                        "one too far",
                        "Row {row} attends to column {column}, the next token: the mask is one place too far to the"
                                + " right.",
                        () -> causalBy((i, j, l, s) -> j <= i + s - l + 1))
                .mistake(
                        "upside down",
                        "Row {row}, column {column} is wrong: every token sees the future and not the past. Visible is"
                                + " key ≤ query.",
                        () -> causalBy((i, j, l, s) -> j >= i + s - l))
                .mistake(
                        "transposed",
                        "The mask is [S, L], with the keys as rows: rows are queries and columns are keys, [L, S].",
                        () -> (CausalOnly) (l, s, dtype) -> right(l, s, dtype).T())
                .mistake(
                        "whole square",
                        "The mask is [S, S], but there are only L queries: the last L rows of it are what is asked"
                                + " for.",
                        () -> (CausalOnly) (l, s, dtype) -> right(s, Math.max(l, s), dtype))
                .mistake("zero times infinity", NAN, () -> (CausalOnly) (l, s, dtype) ->
                        zeroTimesInfinity(right(l, s, DType.F32).isInf(), dtype))
                .mistake("ones and zeros", ONES, () -> (CausalOnly)
                        (l, s, dtype) -> right(l, s, DType.F32).isInf().not().astype(dtype))
                .mistake("true and false", BOOL, () -> (CausalOnly)
                        (l, s, dtype) -> right(l, s, DType.F32).isInf().not())
                .mistake("a finite number", FINITE, () -> (CausalOnly)
                        (l, s, dtype) -> finite(right(l, s, DType.F32).isInf(), dtype))
                .mistake("always float32", DTYPE, () -> (CausalOnly) (l, s, dtype) -> right(l, s, DType.F32))
                .mistake(
                        "more queries than keys",
                        "With more queries than keys the first queries would see nothing at all: throw an"
                                + " IllegalArgumentException when l > s.",
                        () -> causalBy((i, j, l, s) -> j <= i + s - l));
    }

    private static Exercise.Builder<MaskFn> paddingMistakes(Exercise.Builder<MaskFn> exercise) {
        return exercise.mistake(
                        "one too many",
                        "One key too many is visible in each row: keys count from 0, so a text of length 3 has keys 0,"
                                + " 1 and 2. Visible is key < length.",
                        () -> paddingBy((j, row, all, s) -> j <= all[row]))
                .mistake(
                        "padded on the left",
                        "The mask hides the beginning of the short texts, as if they were padded on the left; these"
                                + " are padded on the right.",
                        () -> paddingBy((j, row, all, s) -> j >= s - all[row]))
                .mistake(
                        "the first length for all",
                        "Every row has the first row's length: the lengths must stand along the batch axis, [B, 1, 1,"
                                + " 1].",
                        () -> paddingBy((j, row, all, s) -> j < all[0]))
                .mistake(
                        "upside down",
                        "The filling is visible and the text is hidden: visible is key < length.",
                        () -> paddingBy((j, row, all, s) -> j >= all[row]))
                .mistake(
                        "the length below the key",
                        "The comparison stands the other way round: the filling is visible and the text is hidden. Visible is"
                                + " key < length.",
                        () -> paddingBy((j, row, all, s) -> j > all[row]))
                .mistake(
                        "two axes",
                        "The mask is [B, S]. Beside scores [B, H, L, S] its rows would lie on the queries: make it [B,"
                                + " 1, 1, S].",
                        () -> (PaddingOnly)
                                (lengths, s, dtype) -> right(lengths, s, dtype).reshape(lengths.length, s))
                .mistake(
                        "queries hidden",
                        "The mask is [B, 1, S, 1]: it hides whole queries, whose softmax is then NaN. It is keys that"
                                + " are hidden, the last axis.",
                        () -> (PaddingOnly)
                                (lengths, s, dtype) -> right(lengths, s, dtype).T())
                .mistake("zero times infinity", NAN, () -> (PaddingOnly) (lengths, s, dtype) ->
                        zeroTimesInfinity(right(lengths, s, DType.F32).isInf(), dtype))
                .mistake("ones and zeros", ONES, () -> (PaddingOnly) (lengths, s, dtype) ->
                        right(lengths, s, DType.F32).isInf().not().astype(dtype))
                .mistake("true and false", BOOL, () -> (PaddingOnly) (lengths, s, dtype) ->
                        right(lengths, s, DType.F32).isInf().not())
                .mistake("a finite number", FINITE, () -> (PaddingOnly) (lengths, s, dtype) ->
                        finite(right(lengths, s, DType.F32).isInf(), dtype))
                .mistake("always float32", DTYPE, () ->
                        (PaddingOnly) (lengths, s, dtype) -> right(lengths, s, DType.F32))
                .mistake(
                        "any length",
                        "A length outside of 1…S is accepted: a text without a token sees nothing, and its softmax is"
                                + " NaN. Throw an IllegalArgumentException.",
                        () -> paddingBy((j, row, all, s) -> j < all[row]));
    }

    private static Case<MaskFn> causal(String name, LongFunction<Size> size) {
        return Case.of(name, size, MaskExercises::run);
    }

    private static Case<MaskFn> refusedCausal(String name, LongFunction<Size> size) {
        return Case.refused(name, size, MaskExercises::run, IllegalArgumentException.class);
    }

    private static Case<MaskFn> padding(String name, LongFunction<Batch> batch) {
        return Case.of(name, batch, MaskExercises::run);
    }

    private static Case<MaskFn> refusedPadding(String name, LongFunction<Batch> batch) {
        return Case.refused(name, batch, MaskExercises::run, IllegalArgumentException.class);
    }

    private static Tensor run(MaskFn answer, Size in) {
        return answer.causal(in.l(), in.s(), in.dtype());
    }

    private static Tensor run(MaskFn answer, Batch in) {
        return answer.padding(in.lengths(), in.s(), in.dtype());
    }

    private static Size someSize(long seed) {
        Draw draw = new Draw(seed);
        int s = draw.between(4, 9);
        return new Size(draw.between(2, s - 1), s, DType.F32);
    }

    private static Batch someBatch(long seed) {
        Draw draw = new Draw(seed);
        int s = draw.between(5, 9);
        return new Batch(
                new int[] {draw.between(3, s - 1), draw.between(1, 2), draw.between(3, s - 1), s}, s, DType.F32);
    }

    @FunctionalInterface
    private interface CausalOnly extends MaskFn {
        @Override
        default Tensor padding(int[] lengths, int s, DType dtype) {
            return right(lengths, s, dtype);
        }
    }

    @FunctionalInterface
    private interface PaddingOnly extends MaskFn {
        @Override
        default Tensor causal(int l, int s, DType dtype) {
            return right(l, s, dtype);
        }
    }

    private interface SeesKey {
        boolean test(int i, int j, int l, int s);
    }

    private interface IsReal {
        boolean test(int j, int row, int[] lengths, int s);
    }

    private static MaskFn causalBy(SeesKey sees) {
        return (CausalOnly) (l, s, dtype) -> {
            float[] values = new float[l * s];
            for (int n = 0; n < values.length; n++) {
                values[n] = sees.test(n / s, n % s, l, s) ? 0 : Float.NEGATIVE_INFINITY;
            }
            return Tensor.of(values, l, s).astype(dtype);
        };
    }

    private static MaskFn paddingBy(IsReal real) {
        return (PaddingOnly) (lengths, s, dtype) -> {
            float[] values = new float[lengths.length * s];
            for (int n = 0; n < values.length; n++) {
                values[n] = real.test(n % s, n / s, lengths, s) ? 0 : Float.NEGATIVE_INFINITY;
            }
            return Tensor.of(values, lengths.length, 1, 1, s).astype(dtype);
        };
    }

    private static Tensor right(int l, int s, DType dtype) {
        if (l > s) {
            throw new IllegalArgumentException("more queries than keys: " + l + " and " + s);
        }
        return Draw.causal(l, s).astype(dtype);
    }

    private static Tensor right(int[] lengths, int s, DType dtype) {
        if (Arrays.stream(lengths).anyMatch(n -> n < 1 || n > s)) {
            throw new IllegalArgumentException("a length is not in 1…" + s);
        }
        return paddingBy((j, row, all, n) -> j < all[row]).padding(lengths, s, dtype);
    }

    private static Tensor zeroTimesInfinity(Tensor hidden, DType dtype) {
        return hidden.astype(dtype).mul(Double.NEGATIVE_INFINITY);
    }

    private static Tensor finite(Tensor hidden, DType dtype) {
        return Tensor.where(hidden, Tensor.scalar(-1e4, dtype), Tensor.scalar(0, dtype));
    }
}
