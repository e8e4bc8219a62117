package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class GatherTest {
    private static final Nd TABLE = Nd.build(new int[] {4, 3}, i -> 10 * i[0] + i[1]);

    @Test
    void takeRowsAndColumns() {
        int[] rows = {3, 0, -1, 3};
        int[] positive = {3, 0, 3, 3};
        Nd.build(new int[] {4, 3}, i -> TABLE.get(positive[i[0]], i[1]))
                .matches(TABLE.tensor().take(rows, 0));
        Nd.build(new int[] {4, 2}, i -> TABLE.get(i[0], 2 - i[1]))
                .matches(TABLE.tensor().take(new int[] {2, 1}, -1));
        assertThat(TABLE.tensor().take(new int[0], 0).shape()).containsExactly(0, 3);
        assertThat(Tensor.zeros(DType.F32, 0, 3).take(new int[0], 0).shape()).containsExactly(0, 3);
    }

    @Test
    void takeWithIndicesOfAnyShapeAndIntegerDtype() {
        for (DType dtype : DType.values()) {
            if (dtype.isInteger()) {
                Tensor indices = Tensor.of(new int[][] {{1, 2, 3}, {0, 0, 1}}).astype(dtype);
                int[][] at = {{1, 2, 3}, {0, 0, 1}};
                Nd.build(new int[] {2, 3, 3}, i -> TABLE.get(at[i[0]][i[1]], i[2]))
                        .matches(TABLE.tensor().take(indices, 0));
            }
        }
        assertThat(TABLE.tensor().take(Tensor.scalar(2, DType.I32), 0).shape()).containsExactly(3);
    }

    @Test
    void takeAlongAxis() {
        int[][] at = {{2, 0}, {-1, 1}, {0, 0}, {1, 2}};
        Nd.build(new int[] {4, 2}, i -> TABLE.get(i[0], Math.floorMod(at[i[0]][i[1]], 3)))
                .matches(TABLE.tensor().takeAlongAxis(Tensor.of(at), 1));
        assertThat(TABLE.tensor()
                        .takeAlongAxis(Tensor.zeros(DType.I32, 4, 0), 1)
                        .shape())
                .containsExactly(4, 0);
    }

    @Test
    void putAlongAxis() {
        int[][] at = {{2, 0}, {-1, 1}, {0, 1}, {1, 2}};
        Tensor x = TABLE.tensor();
        Tensor out = x.putAlongAxis(Tensor.of(at), Tensor.scalar(-5), 1);
        Nd.build(
                        new int[] {4, 3},
                        i -> i[1] == Math.floorMod(at[i[0]][0], 3) || i[1] == Math.floorMod(at[i[0]][1], 3)
                                ? -5
                                : TABLE.get(i))
                .matches(out);
        TABLE.matches(x);
        TABLE.matches(x.putAlongAxis(Tensor.zeros(DType.I32, 4, 0), Tensor.zeros(DType.F32, 4, 0), 1));
    }

    @Test
    void everyIndexIsChecked() {
        Tensor x = TABLE.tensor();
        for (int bad : List.of(4, -5, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE)) {
            String message = "index " + bad + " is out of range for axis 0 with size 4 (shape [4, 3])";
            assertThatThrownBy(() -> x.take(new int[] {0, bad}, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("take: " + message);
            assertThatThrownBy(() -> x.take(Tensor.of(new int[] {0, bad}), 0))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("take: " + message);
            Tensor rows = Tensor.full(bad, DType.I32, 1, 3);
            assertThatThrownBy(() -> x.takeAlongAxis(rows, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("takeAlongAxis: " + message);
            assertThatThrownBy(() -> x.putAlongAxis(rows, Tensor.scalar(0), 0))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("putAlongAxis: " + message);
        }
        assertThatThrownBy(() -> x.take(Tensor.of(new long[] {(1L << 32) + 1}), 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> x.take(Tensor.full(0xFFFFFFFFL, DType.U32, 1), 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Tensor.zeros(DType.F32, 0, 3).take(new int[] {0}, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        // A lazy index tensor is computed before it is used.
        assertThatThrownBy(() -> x.take(Tensor.of(new int[] {3}).add(1), 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void join() {
        Tensor x = TABLE.tensor();
        Nd.build(new int[] {8, 3}, i -> TABLE.get(i[0] % 4, i[1])).matches(Tensor.concat(0, x, x));
        Nd.build(new int[] {4, 4}, i -> TABLE.get(i[0], Math.min(i[1], 2)))
                .matches(Tensor.concat(-1, x, x.at(":, 2:")));
        Nd.build(new int[] {4, 2, 3}, i -> TABLE.get(i[0], i[2])).matches(Tensor.stack(1, x, x));
        Nd.build(new int[] {4, 3, 2}, i -> TABLE.get(i[0], i[1])).matches(Tensor.stack(-1, x, x));
        TABLE.matches(Tensor.concat(0, x, Tensor.zeros(DType.F32, 0, 3)));
        TABLE.matches(Tensor.concat(0, x));
    }
}
