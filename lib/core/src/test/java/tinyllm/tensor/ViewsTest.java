package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ViewsTest {
    private static final Nd CUBE = Nd.build(new int[] {2, 3, 4}, i -> 100 * i[0] + 10 * i[1] + i[2]);

    @Test
    void reshape() {
        Tensor x = CUBE.tensor();
        CUBE.reshaped(6, 4).matches(x.reshape(6, 4));
        CUBE.reshaped(4, 6).matches(x.reshape(-1, 6));
        CUBE.reshaped(24).matches(x.reshape(-1));
        assertThat(Tensor.scalar(3).reshape(1, 1).shape()).containsExactly(1, 1);
        assertThat(Tensor.ones(DType.F32, 1).reshape().shape()).isEmpty();
        assertThat(Tensor.zeros(DType.F32, 0, 3).reshape(3, 0, 5).shape()).containsExactly(3, 0, 5);
        // Row-major order of a transposed tensor needs a copy.
        Nd turned = Nd.build(new int[] {4, 3, 2}, i -> CUBE.get(i[2], i[1], i[0]));
        turned.reshaped(2, 12).matches(x.transpose().reshape(2, 12));
    }

    @Test
    void transpose() {
        Tensor x = CUBE.tensor();
        Nd.build(new int[] {4, 3, 2}, i -> CUBE.get(i[2], i[1], i[0])).matches(x.transpose());
        Nd.build(new int[] {3, 2, 4}, i -> CUBE.get(i[1], i[0], i[2])).matches(x.transpose(1, 0, -1));
        Nd.build(new int[] {2, 4, 3}, i -> CUBE.get(i[0], i[2], i[1])).matches(x.T());
        Nd.build(new int[] {4, 3, 2}, i -> CUBE.get(i[2], i[1], i[0])).matches(x.swapAxes(0, -1));
        assertThat(Tensor.scalar(3).transpose().item()).isEqualTo(3);
    }

    @Test
    void axesOfSizeOne() {
        Tensor x = CUBE.tensor();
        CUBE.reshaped(1, 2, 3, 1, 4).matches(x.expandDims(0, 3));
        CUBE.reshaped(2, 3, 4, 1).matches(x.expandDims(-1));
        CUBE.matches(x.expandDims(0, -1).squeeze());
        CUBE.reshaped(2, 3, 4, 1).matches(x.expandDims(0, -1).squeeze(0));
        Nd.build(new int[] {2, 1, 4, 3}, i -> CUBE.get(i[0], i[3], i[2])).matches(x.T().expandDims(1));
    }

    @Test
    void broadcastAndRepeat() {
        Nd row = Nd.random(1, -3, 3, 1, 4);
        Nd wide = Nd.build(new int[] {2, 3, 4}, row::stretched);
        wide.matches(row.tensor().broadcastTo(2, 3, 4));
        wide.matches(row.tensor().broadcastTo(2, 3, 4).contiguous());
        assertThat(Tensor.zeros(DType.F32, 0).broadcastTo(3, 0).shape()).containsExactly(3, 0);
        Nd.build(new int[] {2, 6, 4}, i -> CUBE.get(i[0], i[1] / 2, i[2]))
                .matches(CUBE.tensor().repeat(2, 1));
        assertThat(CUBE.tensor().repeat(0, 1).shape()).containsExactly(2, 0, 4);
    }

    @Test
    void split() {
        Tensor[] parts = CUBE.tensor().split(-1, 2);
        Nd.build(new int[] {2, 3, 2}, i -> CUBE.get(i)).matches(parts[0]);
        Nd.build(new int[] {2, 3, 2}, i -> CUBE.get(i[0], i[1], i[2] + 2)).matches(parts[1]);
    }

    @Test
    void triangles() {
        for (int k : new int[] {Integer.MIN_VALUE, -9, -2, -1, 0, 1, 3, 9, Integer.MAX_VALUE}) {
            Nd.build(CUBE.shape(), i -> (long) i[2] - i[1] <= k ? CUBE.get(i) : 0)
                    .matches(CUBE.tensor().tril(k));
            Nd.build(CUBE.shape(), i -> (long) i[2] - i[1] >= k ? CUBE.get(i) : 0)
                    .matches(CUBE.tensor().triu(k));
        }
        assertThat(Tensor.ones(DType.BOOL, 2, 2).tril(0).toBooleans()).containsExactly(true, false, true, true);
        Tensor infinite = Tensor.full(Double.NEGATIVE_INFINITY, DType.F32, 2, 2).triu(1);
        assertThat(infinite.toFloats()).containsExactly(0, Float.NEGATIVE_INFINITY, 0, 0);
    }

    @Test
    void slice() {
        Nd.build(new int[] {2, 2, 4}, i -> CUBE.get(i[0], i[1] + 1, i[2]))
                .matches(CUBE.tensor().slice(1, 1, 3));
        Nd.build(new int[] {2, 3, 1}, i -> CUBE.get(i[0], i[1], 2))
                .matches(CUBE.tensor().slice(-1, -2, -1));
        assertThat(CUBE.tensor().slice(0, 1, 1).shape()).containsExactly(0, 3, 4);
    }

    /** Python's own results, for a list of n numbers. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ": | 0 1 2 3 4",
                "1: | 1 2 3 4",
                ":-1 | 0 1 2 3",
                "-2: | 3 4",
                "1:4:2 | 1 3",
                "::2 | 0 2 4",
                "::-1 | 4 3 2 1 0",
                "3::-1 | 3 2 1 0",
                ":1:-1 | 4 3 2",
                "3:0:-2 | 3 1",
                "-1:-4:-1 | 4 3 2",
                "10:-10:-3 | 4 1",
                "-10:10 | 0 1 2 3 4",
                "::-100 | 4",
                "::2147483647 | 0",
                "::-2147483648 | 4",
                "-2147483648:2147483647 | 0 1 2 3 4",
                "3:3 | ''",
                "4:2 | ''",
                "2:4:-1 | ''",
                "9: | ''",
                "0:-9:-1 | 0",
            })
    void ranges(String index, String expected) {
        Tensor x = Tensor.arange(5);
        String got = IntStream.of(x.at(index).toInts())
                .mapToObj(String::valueOf)
                .reduce("", (a, b) -> (a + " " + b).strip());
        assertThat(got).isEqualTo(expected);
        Tensor column = Tensor.arange(10).reshape(5, 2);
        int[] rows = column.at(index + ", 1").toInts();
        assertThat(IntStream.of(rows).mapToObj(i -> String.valueOf(i / 2)).reduce("", (a, b) -> (a + " " + b).strip()))
                .isEqualTo(expected);
    }

    static Stream<Arguments> cuts() {
        return Stream.of(
                Arguments.of("1", Nd.build(new int[] {3, 4}, i -> CUBE.get(1, i[0], i[1]))),
                Arguments.of(":, 2, 1:-1", Nd.build(new int[] {2, 2}, i -> CUBE.get(i[0], 2, i[1] + 1))),
                Arguments.of("..., ::2", Nd.build(new int[] {2, 3, 2}, i -> CUBE.get(i[0], i[1], 2 * i[2]))),
                Arguments.of("..., -1", Nd.build(new int[] {2, 3}, i -> CUBE.get(i[0], i[1], 3))),
                Arguments.of("0, ...", Nd.build(new int[] {3, 4}, i -> CUBE.get(0, i[0], i[1]))),
                Arguments.of("0, ..., 0", Nd.build(new int[] {3}, i -> CUBE.get(0, i[0], 0))),
                Arguments.of("None, :", Nd.build(new int[] {1, 2, 3, 4}, i -> CUBE.get(i[1], i[2], i[3]))),
                Arguments.of("..., None", Nd.build(new int[] {2, 3, 4, 1}, i -> CUBE.get(i[0], i[1], i[2]))),
                Arguments.of("0, None, 1, newaxis, :", Nd.build(new int[] {1, 1, 4}, i -> CUBE.get(0, 1, i[2]))),
                Arguments.of("1, 2, 3", Nd.build(new int[] {}, i -> 123)),
                Arguments.of("...", CUBE),
                Arguments.of(
                        "::-1, ::-1, ::-1",
                        Nd.build(new int[] {2, 3, 4}, i -> CUBE.get(1 - i[0], 2 - i[1], 3 - i[2]))));
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void at(String index, Nd truth) {
        truth.matches(CUBE.tensor().at(index));
        Tensor turned = Nd.build(new int[] {4, 3, 2}, i -> CUBE.get(i[2], i[1], i[0]))
                .tensor()
                .transpose();
        truth.matches(turned.at(index));
        truth.matches(turned.at(index).contiguous().add(0));
    }

    @Test
    void atInts() {
        Nd.build(new int[] {4}, i -> CUBE.get(1, 2, i[0])).matches(CUBE.tensor().at(1, -1));
        CUBE.matches(CUBE.tensor().at());
        assertThat(CUBE.tensor().item(1, -1, 2)).isEqualTo(122);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | index 2 is out of range for axis 0 with size 2 (shape [2, 3, 4])",
                ":, -4 | index -4 is out of range for axis 1 with size 3 (shape [2, 3, 4])",
            })
    void integersOutOfRange(String index, String message) {
        assertThatThrownBy(() -> CUBE.tensor().at(index))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | is no index",
                "a | \"a\" in \"a\" is no index",
                "1.5 | is no index",
                "1,,2 | is no index",
                "1: :2:3 | is no index",
                "::0 | the step of \"::0\" is 0",
                "..., ... | more than one ...",
                ":, :, :, : | names 4 axes, and shape [2, 3, 4] has 3",
                "99999999999 | is no index",
            })
    void malformed(String index, String message) {
        assertThatThrownBy(() -> CUBE.tensor().at(index))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void fromTheEmpty() {
        Tensor empty = Tensor.zeros(DType.F32, 0, 3);
        assertThat(empty.at("::-1").shape()).containsExactly(0, 3);
        assertThat(empty.at(":, 0").shape()).containsExactly(0);
        assertThat(Tensor.scalar(2).at("...").item()).isEqualTo(2);
        assertThat(Tensor.scalar(2).at("None").shape()).containsExactly(1);
    }
}
