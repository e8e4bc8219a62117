package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NativeTraceTest {

    @Test
    void wallIsNativeAndJava() throws InterruptedException {
        Tensor x = Tensor.normal(1, 512, 512).eval();
        try (NativeTrace trace = NativeTrace.begin()) {
            x.matmul(x).eval();
            Thread.sleep(20);
            NativeTrace.Times times = trace.times();
            assertThat(times.calls()).isEqualTo(2); // one that builds, one that computes
            assertThat(times.evaluating()).isPositive();
            assertThat(times.calling()).isPositive();
            assertThat(times.wall()).isGreaterThan(times.evaluating() + times.calling() + 19_000_000L);
            assertThat(times.javaShare()).isStrictlyBetween(0.0, 1.0);
        }
    }

    @Test
    void restartForgets() {
        Tensor x = Tensor.normal(1, 64, 64).eval();
        try (NativeTrace trace = NativeTrace.begin()) {
            x.add(x).eval();
            trace.restart();
            assertThat(trace.times().calls()).isZero();
            assertThat(trace.times().evaluating()).isZero();
        }
    }

    @Test
    void aClosedTraceMeasuresNothing() {
        Tensor x = Tensor.normal(1, 64, 64).eval();
        NativeTrace trace = NativeTrace.begin();
        trace.close();
        x.add(x).eval();
        assertThat(trace.times().calls()).isZero();
    }
}
