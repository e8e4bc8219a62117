package org.bytedeco.mlx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.bytedeco.mlx.global.mlx.*;

import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On Linux matrix products on the CPU run in OpenBLAS, not in the reference BLAS that the wheel brings. */
class OpenBlasTest {
    @BeforeEach
    void onLinux() {
        assumeThat(Loader.getPlatform()).startsWith("linux");
    }

    @Test
    void libmlxCallsOpenBlas() {
        matmul(ones(new Shape(8, 8)), ones(new Shape(8, 8)), new StreamOrDevice(new Device(0, 0)))
                .eval();
        assertThat(blas_library()).contains("libopenblas");
        assertThat(blas_library_of_mlx()).isEqualTo(blas_library());
    }

    @Test
    void oneThreadPerProcessorUnlessSet() {
        assertThat(get_blas_threads()).isEqualTo(threads());
        assertThat(set_blas_threads(1)).isTrue();
        new GroupOptional().close(); // loading another class keeps the setting
        assertThat(get_blas_threads()).isEqualTo(1);
        assertThat(set_blas_threads(threads())).isTrue();
    }

    @Test
    void productIsRight() {
        array a = reshape(arange(0.0, 64.0 * 48, 1.0), new Shape(64, 48));
        array product = matmul(a, transpose(a));
        double expected = 0;
        for (int k = 0; k < 48; k++) {
            expected += (5.0 * 48 + k) * (7.0 * 48 + k);
        }
        assertThat((double) HeadersTest.floats(product)[5 * 64 + 7])
                .isCloseTo(expected, org.assertj.core.data.Percentage.withPercentage(1e-4));
    }
}
