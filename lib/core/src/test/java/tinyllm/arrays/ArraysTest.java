package tinyllm.arrays;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.Verdict;

/** The slow forms agree with the tensors' own operations. */
class ArraysTest {

    @ParameterizedTest
    @CsvSource({"1,1,1", "2,3,4", "7,13,5", "1,9,2", "16,1,16"})
    void bothLoopsMultiplyAsTensorsDo(int m, int k, int n) {
        Tensor a = Tensor.normal(1, m, k);
        Tensor b = Tensor.normal(2, k, n);
        for (MatmulFn loops : new MatmulFn[] {new LoopMatmul(), new RowMatmul()}) {
            Tensor own = Tensor.of(loops.matmul(a.toFloats(), b.toFloats(), m, k, n), m, n);
            assertThat(Verdict.compare(a.matmul(b), own).ok()).isTrue();
        }
    }

    @Test
    void stretchesAsTensorsDo() {
        Tensor values = Tensor.normal(3, 2, 1, 3);
        Tensor wide = values.add(Tensor.zeros(values.dtype(), 4, 1)); // [2, 4, 3]
        assertThat(new Broadcast().shape(new int[] {2, 1, 3}, new int[] {4, 1})).containsExactly(2, 4, 3);
        assertThat(new Broadcast().stretch(values.toFloats(), new int[] {2, 1, 3}, new int[] {2, 4, 3}))
                .containsExactly(wide.toFloats());
    }

    @Test
    void refusesShapesThatDontFit() {
        assertThatThrownBy(() -> new Broadcast().shape(new int[] {4, 3}, new int[] {4}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 and 4 meet at axis -1");
    }

    @Test
    void planesAndBack() {
        Tensor line = Tensor.arange(2 * 4 * 3);
        Tensor planes = new Planes().split(line, 2, 4);
        assertThat(planes.shape()).containsExactly(3, 2, 4);
        assertThat(planes.at(1).toInts()).containsExactly(1, 4, 7, 10, 13, 16, 19, 22);
        assertThat(new Planes().merge(planes).toInts()).containsExactly(line.toInts());
    }

    @Test
    void softmaxStaysFiniteWhereTheFormulaDoesNot() {
        RowSoftmax softmax = new RowSoftmax();
        float[] high = {1000, 1001, 1002};
        assertThat(softmax.softmax(high)).containsExactly(softmax.softmax(new float[] {0, 1, 2}));
        assertThat(softmax.softmax(new float[] {-2000, 0})).containsExactly(0, 1);
        assertThat(softmax.logProbability(new float[] {-2000, 0}, 0)).isEqualTo(-2000);
        assertThat(softmax.logProbability(high, 2)).isCloseTo(Math.log(softmax.softmax(high)[2]), within(1e-6));
        assertThat(softmax.softmax(new float[] {Float.NEGATIVE_INFINITY, 3})).containsExactly(0, 1);
    }
}
