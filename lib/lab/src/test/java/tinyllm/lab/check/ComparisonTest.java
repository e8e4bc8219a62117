package tinyllm.lab.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.kernel.KernelText;
import tinyllm.lab.check.CheckResult.Wrong;
import tinyllm.lab.exercises.Exercises;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

class ComparisonTest {

    @Test
    void theFirstWrongSliceOfManyAxes() {
        Tensor expected = Tensor.normal(1, 2, 3, 4, 5);
        Tensor actual = expected.add(one(2, 3, 4, 5, 1, 2, 3, 4));

        Comparison c = of(expected, actual).orElseThrow();

        assertThat(c.where()).isEqualTo("Case \"a case\": slice [1, 2, :, :], all 4 rows, all 5 columns");
        assertThat(new int[] {c.row(), c.column()}).containsExactly(3, 4);
        assertThat(c.difference()[3][4]).isCloseTo(1f, org.assertj.core.data.Offset.offset(1e-5f));
        assertThat(c.difference()[0]).containsOnly(0f);
        assertThat(c.expected()[3][4]).isEqualTo((float) expected.item(1, 2, 3, 4));
    }

    @Test
    void aHugeMatrixIsCutAroundTheWrongEntry() {
        Tensor expected = Tensor.zeros(DType.F32, 700, 300);
        Comparison c = of(expected, one(700, 300, 500, 2)).orElseThrow();

        assertThat(c.where()).isEqualTo("Case \"a case\": rows 476 to 523 of 700, columns 0 to 47 of 300");
        assertThat(c.expected()).hasDimensions(48, 48);
        assertThat(c.actual()[c.row()][c.column()]).isEqualTo(1);
        assertThat(ComparisonView.text(c)).contains("rows 497 to 502 of 700, columns 0 to 3 of 300", ">1");
        assertThat(ComparisonView.html(c).length()).as("bytes in the notebook").isLessThan(60_000);
    }

    @Test
    void aVectorIsOneRow() {
        Comparison c = of(Tensor.of(new float[] {1, 2, 3}, 3), Tensor.of(new float[] {1, 2, 4}, 3))
                .orElseThrow();

        assertThat(c.where()).isEqualTo("Case \"a case\": one row, all 3 columns");
        assertThat(c.column()).isEqualTo(2);
    }

    @Test
    void equalInfinitiesDoNotDiffer() {
        float no = Float.NEGATIVE_INFINITY;
        Tensor expected = Tensor.of(new float[][] {{0, no}, {0, 0}});
        Tensor actual = Tensor.of(new float[][] {{0, no}, {Float.NaN, 0}});

        Comparison c = of(expected, actual).orElseThrow();

        assertThat(c.difference()[0]).containsExactly(0, 0);
        assertThat(c.difference()[1][0]).isNaN();
        assertThat(ComparisonView.text(c)).contains("-inf", ">NaN");
        assertThat(ComparisonView.html(c)).contains("NaN instead of 0", "1 of the 4 entries shown differ");
    }

    @Test
    void textIsThreeBlocksOfNumbers() {
        Comparison c = of(Tensor.of(new float[][] {{1, 2}, {3, 4}}), Tensor.of(new float[][] {{1, 2}, {3.5f, 4}}))
                .orElseThrow();

        assertThat(ComparisonView.text(c).lines().map(String::strip).toList())
                .containsExactly(
                        "Case \"a case\": all 2 rows, all 2 columns:",
                        "expected            yours               yours − expected",
                        "1       2           1       2           0       0",
                        "3       4      >3.500       4      0.5000       0");
    }

    @Test
    void tensorsInsideListsAndMaps() {
        Tensor right = Tensor.eye(3);
        Tensor wrong = right.mul(2);
        assertThat(Comparison.of(new Wrong("a case", List.of(right, right), List.of(right, wrong), null)))
                .map(Comparison::where)
                .hasValue("Case \"a case\": all 3 rows, all 3 columns");
        assertThat(Comparison.of(
                        new Wrong("a case", Map.of("k", right, "v", right), Map.of("v", wrong, "k", right), null)))
                .isPresent();
        assertThat(Comparison.of(new Wrong("a case", new Tensor[] {right}, new Tensor[] {wrong}, null)))
                .isPresent();
    }

    @Test
    void nothingToLaySideBySide() {
        assertThat(Comparison.of(null)).isEmpty();
        assertThat(Comparison.of(new Wrong("a case", "a", "b", null))).isEmpty();
        assertThat(of(Tensor.zeros(DType.F32, 2, 3), Tensor.zeros(DType.F32, 3, 2)))
                .isEmpty();
        assertThat(of(Tensor.scalar(1), Tensor.scalar(2))).isEmpty();
        assertThat(Comparison.of(new Wrong("a case", List.of(1, 2), List.of(1, 3), new int[] {1})))
                .isEmpty();
    }

    static Stream<Arguments> exercises() {
        return Exercises.all().stream()
                .filter(e -> e.contract() != KernelText.class) // their checks take seconds, and compare like all others
                .map(e -> Arguments.of(e.id(), e));
    }

    /** Every exercise whose results are tensors shows the maps when a result of the right shape is wrong. */
    @Tag("slow")
    @ParameterizedTest(name = "{0}")
    @MethodSource("exercises")
    void everyTensorExerciseHasThem(String id, Exercise<?> exercise) throws Exception {
        int drawn = 0;
        List<CheckResult> results = wrongResults(exercise);
        for (CheckResult result : results) {
            Optional<Comparison> comparison = Comparison.of(result.wrong());
            if (comparison.isEmpty()) {
                continue;
            }
            drawn++;
            assertThat(result.text())
                    .contains("yours − expected", comparison.get().situation());
            Matcher image = Pattern.compile("data:image/png;base64,([^\"]+)").matcher(result.html());
            assertThat(image.find()).isTrue();
            byte[] png = Base64.getDecoder().decode(image.group(1));
            assertThat(ImageIO.read(new ByteArrayInputStream(png)).getWidth()).isGreaterThan(1_000);
        }
        boolean tensors = results.stream()
                .map(CheckResult::wrong)
                .anyMatch(w -> w != null && sameShape(w.expected(), w.actual()));
        assertThat(drawn > 0).as("maps drawn for " + id).isEqualTo(tensors);
    }

    private static boolean sameShape(Object expected, @Nullable Object actual) {
        if (expected instanceof Map<?, ?> wants && actual instanceof Map<?, ?> gots) {
            return sameShape(List.copyOf(wants.values()), List.copyOf(gots.values()));
        }
        if (expected instanceof List<?> wants && actual instanceof List<?> gots) {
            return IntStream.range(0, Math.min(wants.size(), gots.size()))
                    .anyMatch(i -> sameShape(wants.get(i), gots.get(i)));
        }
        return expected instanceof Tensor a
                && actual instanceof Tensor b
                && a.size() > 1
                && java.util.Arrays.equals(a.shape(), b.shape())
                && !Values.compare(a, b, -1, -1).ok();
    }

    private static <T> List<CheckResult> wrongResults(Exercise<T> exercise) {
        return exercise.mistakes().stream()
                .limit(3)
                .map(mistake -> new Check<>(exercise).run(mistake.answer()))
                .toList();
    }

    private static Optional<Comparison> of(Tensor expected, Tensor actual) {
        return Comparison.of(new Wrong(
                "a case",
                expected,
                actual,
                Values.compare(expected, actual, -1, -1).index()));
    }

    /** Zeros of a shape with one 1; the shape first, then as many numbers for the index. */
    private static Tensor one(int... shapeAndIndex) {
        int rank = shapeAndIndex.length / 2;
        int[] shape = java.util.Arrays.copyOf(shapeAndIndex, rank);
        int at = 0;
        int size = 1;
        for (int i = 0; i < rank; i++) {
            at = at * shape[i] + shapeAndIndex[rank + i];
            size *= shape[i];
        }
        float[] values = new float[size];
        values[at] = 1;
        return Tensor.of(values, shape);
    }
}
