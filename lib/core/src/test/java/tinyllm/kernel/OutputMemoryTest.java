package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tinyllm.tensor.DType;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** A large output's memory serves the next one, and never two at once. */
class OutputMemoryTest {

    private static final int COLUMNS = 1 << 20; // five rows are 20 MiB

    @Test
    void memoryStaysFlat() {
        long most = 0;
        for (int round = 0; round < 8; round++) {
            try (Scope scope = Scope.open()) {
                RowKernels.softmax(Tensor.full(round, DType.F32, 5, COLUMNS)).eval();
            }
            most = round < 2 ? Math.max(most, Memory.activeBytes()) : most;
            assertThat(Memory.activeBytes()).isLessThanOrEqualTo(most);
        }
    }

    @Test
    void twoThatLiveShareNothing() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.normal(3, 5, COLUMNS).eval();
            Tensor y = x.mul(2).eval();
            float[] alone = RowKernels.softmax(x).toFloats();
            Tensor one = RowKernels.softmax(x).eval();
            Tensor two = RowKernels.softmax(y).eval();
            assertThat(one.toFloats()).isEqualTo(alone);
            assertThat(two.toFloats())
                    .isEqualTo(RowKernels.softmax(y).toFloats())
                    .isNotEqualTo(alone);
        }
    }
}
