package tinyllm.lab.exercises.batching;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.PaddedBatch;
import tinyllm.nn.PaddedBatchFn;

/** Exercise "2.6 padded batch". */
public final class PaddedBatchExercise {

    private static final int VOCABULARY = 90;

    private record Batch(List<int[]> texts, int filler) {
        int[] lengths() {
            return texts.stream().mapToInt(text -> text.length).toArray();
        }

        int longest() {
            return Arrays.stream(lengths()).max().orElseThrow();
        }
    }

    public static final Exercise<PaddedBatchFn> PADDED = Exercise.of("2.6 padded batch", PaddedBatchFn.class)
            .title("Texts of different lengths in one tensor")
            .reference(PaddedBatch::new)
            .hint(
                    "A text of length n begins in column t − n and ends in the last one. That one number, t − n, is all that"
                            + " the three methods need.")
            .hint(
                    "tokens: Arrays.fill the row, then System.arraycopy the text to column t − n. positions: column − (t − n) from"
                            + " there on.")
            .hint(
                    "mask: with queries [1, 1, T, 1], keys [1, 1, 1, T] and the first columns [B, 1, 1, 1], visible is (key ≤"
                            + " query and key ≥ first) or key = query. Then Tensor.where(visible, 0, −∞), as in chapter 1.3.")
            .check(batch("three texts", seed -> drawn(seed, 2, 5, 3)))
            .check(batch("one text", seed -> drawn(seed, 4)))
            .check(batch("two of one length", seed -> drawn(seed, 3, 3)))
            .check(batch("one token beside six", seed -> drawn(seed, 6, 1)))
            .check(batch("as many texts as tokens", seed -> drawn(seed, 1, 4, 2, 3)))
            .check(batch("some lengths", PaddedBatchExercise::some))
            .check(batch("the filler's id occurs in a text", seed -> {
                Batch batch = drawn(seed, 4, 2);
                return new Batch(batch.texts(), batch.texts().get(1)[0]);
            }))
            .mistake(
                    "filled on the right",
                    "The filler stands behind the short texts, so their newest tokens are in different columns. Fill in front:"
                            + " the model's last column is then the newest token of every text.",
                    () -> new PaddedSteps() {
                        @Override
                        int begin(int length, int t) {
                            return 0;
                        }
                    })
            .mistake(
                    "cut to the shortest",
                    "The batch is as wide as its shortest text, and the others were cut. T is the length of the longest.",
                    () -> new PaddedSteps() {
                        @Override
                        int width(List<int[]> texts) {
                            return texts.stream()
                                    .mapToInt(text -> text.length)
                                    .min()
                                    .orElseThrow();
                        }
                    })
            .mistake(
                    "zeros as filler",
                    "Zeros stand where the texts have no token; the filler's id was given as an argument.",
                    () -> new PaddedSteps() {
                        @Override
                        int filler(int given) {
                            return 0;
                        }
                    })
            .mistake(
                    "columns as positions",
                    "The positions count columns, the filler among them. A text that begins in column 3 still begins at its own"
                            + " position 0.",
                    () -> new PaddedSteps() {
                        @Override
                        int position(int column, int first) {
                            return column;
                        }
                    })
            .mistake(
                    "positions from 1",
                    "The first token of each text has position 1; positions are counted from 0.",
                    () -> new PaddedSteps() {
                        @Override
                        int position(int column, int first) {
                            return column - first + 1;
                        }
                    })
            .mistake(
                    "sees the filler",
                    "Row {row} attends to column {column}, which is filler: the mask is causal, but the columns before the text"
                            + " are visible.",
                    () -> new PaddedSteps() {
                        @Override
                        boolean sees(int query, int key, int first, int t) {
                            return key <= query;
                        }
                    })
            .mistake(
                    "sees the future",
                    "Row {row} attends to column {column}, a token that comes later: the filler is hidden, but the mask is not"
                            + " causal.",
                    () -> new PaddedSteps() {
                        @Override
                        boolean sees(int query, int key, int first, int t) {
                            return key >= first || key == query;
                        }
                    })
            .mistake(
                    "filler sees nothing",
                    "A row of filler sees nothing at all: its softmax divides 0 by 0, and NaN spreads. Let it see itself; nobody"
                            + " looks at it.",
                    () -> new PaddedSteps() {
                        @Override
                        boolean sees(int query, int key, int first, int t) {
                            return key <= query && key >= first;
                        }
                    })
            .mistake(
                    "not itself",
                    "Row {row} hides column {column}, the token itself: visible is key ≤ query.",
                    () -> new PaddedSteps() {
                        @Override
                        boolean sees(int query, int key, int first, int t) {
                            return key < query && key >= first || query < first && key == query;
                        }
                    })
            .mistake(
                    "one filler too many",
                    "The column before each text's first token is visible too: the first column of a text of length n is T −"
                            + " n.",
                    () -> new PaddedSteps() {
                        @Override
                        boolean sees(int query, int key, int first, int t) {
                            return key <= query && key >= first - 1 || key == query;
                        }
                    })
            .mistake(
                    "lengths as first columns",
                    "The mask begins in column n where the text has length n. The text stands at the end of the row: it begins"
                            + " in column T − n.",
                    () -> new PaddedSteps() {
                        @Override
                        boolean sees(int query, int key, int first, int t) {
                            return key <= query && key >= t - first || key == query;
                        }
                    })
            .mistake(
                    "one mask for all",
                    "Every row has the first text's mask. Lengths differ, so the mask has a batch axis: [B, 1, T, T].",
                    () -> new PaddedSteps() {
                        @Override
                        int[] ofMask(int[] lengths) {
                            int[] same = new int[lengths.length];
                            Arrays.fill(same, lengths[0]);
                            return same;
                        }
                    })
            .mistake(
                    "ones and zeros",
                    "The mask holds 1 and 0, as if it were multiplied. It is added to the scores: 0 changes nothing, −∞ hides.",
                    () -> new PaddedSteps() {
                        @Override
                        float number(boolean visible) {
                            return visible ? 1 : 0;
                        }
                    })
            .mistake(
                    "a finite number",
                    "A large negative number stands where −∞ should: a score can be larger still. Use"
                            + " Double.NEGATIVE_INFINITY.",
                    () -> new PaddedSteps() {
                        @Override
                        float number(boolean visible) {
                            return visible ? 0 : -1e4f;
                        }
                    })
            .build();

    private PaddedBatchExercise() {}

    private static Batch drawn(long seed, int... lengths) {
        Draw draw = new Draw(seed);
        return new Batch(
                Arrays.stream(lengths)
                        .mapToObj(length -> draw.ids(length, VOCABULARY))
                        .toList(),
                VOCABULARY + draw.between(1, 5));
    }

    private static Batch some(long seed) {
        Draw draw = new Draw(seed);
        return drawn(seed, draw.between(2, 4), draw.between(5, 7), 1, draw.between(2, 6));
    }

    private static Case<PaddedBatchFn> batch(String name, LongFunction<Batch> batch) {
        return Case.of(name, batch, PaddedBatchExercise::run);
    }

    private static Map<String, @Nullable Object> run(PaddedBatchFn answer, Batch in) {
        int t = in.longest();
        List<int[]> texts = in.texts().stream().map(int[]::clone).toList();
        Map<String, @Nullable Object> seen = new LinkedHashMap<>();
        seen.put("tokens", answer.tokens(texts, in.filler()));
        seen.put("positions", ofText(answer.positions(in.lengths(), t), in.lengths()));
        seen.put("mask", answer.mask(in.lengths(), t));
        return seen;
    }

    /** Positions with the filler's at 0: what stands there does not matter. */
    private static int @Nullable [] @Nullable [] ofText(int @Nullable [] @Nullable [] positions, int[] lengths) {
        if (positions == null) {
            return null;
        }
        int[][] shown = new int[positions.length][];
        for (int b = 0; b < shown.length; b++) {
            int[] row = positions[b];
            shown[b] = row == null ? new int[0] : row.clone();
            int filler = b < lengths.length ? Math.clamp(shown[b].length - lengths[b], 0, shown[b].length) : 0;
            Arrays.fill(shown[b], 0, filler, 0);
        }
        return shown;
    }
}
