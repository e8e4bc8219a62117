package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tinyllm.tensor.Tensor;

class TimingTest {

    private final Tensor large = Tensor.normal(1, 512, 512).eval();

    /** Chapter 0.1's lesson: a measurement that reads no result measures nothing; medianMs reads, with and without a count. */
    @Test
    void aTensorIsComputedWithinTheTimeAndAPromiseIsNot() {
        double promise = Timing.promiseMs(() -> large.matmul(large));

        assertThat(Timing.medianMs(() -> large.matmul(large))).isGreaterThan(5 * promise);
        assertThat(Timing.medianMs(3, () -> large.matmul(large))).isGreaterThan(5 * promise);
    }

    @Test
    void anythingElseRunsSoManyTimesAndOnceToWarmUp() {
        int[] runs = new int[1];
        Timing.medianMs(3, () -> {
            runs[0]++;
        });

        assertThat(runs[0]).isEqualTo(4);
    }

    @Test
    void theMedianIsTheMiddleOne() {
        assertThat(Timing.median(5, 1, 3)).isEqualTo(3);
    }
}
