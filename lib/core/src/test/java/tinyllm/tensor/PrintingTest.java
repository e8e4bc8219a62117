package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintingTest {
    @Test
    void small() {
        assertThat(Tensor.of(new float[] {1, -2.5f, 3}, 1, 3)).hasToString("Tensor [1, 3] F32\n[[ 1.0, -2.5,  3.0]]");
        assertThat(Tensor.scalar(0.25)).hasToString("Tensor [] F32 0.25");
        assertThat(Tensor.of(new boolean[] {true, false})).hasToString("Tensor [2] BOOL\n[ true, false]");
        assertThat(Tensor.of(new int[] {1, -20})).hasToString("Tensor [2] I32\n[  1, -20]");
        assertThat(Tensor.zeros(DType.F16, 0, 3)).hasToString("Tensor [0, 3] F16 (empty)");
    }

    @Test
    void cutInTheMiddle() {
        assertThat(Tensor.arange(100)).hasToString("Tensor [100] I32\n[ 0,  1,  2,  3, …, 96, 97, 98, 99]");
        assertThat(Tensor.arange(10_000).reshape(100, 100).toString())
                .hasLineCount(10)
                .contains("\n …,\n")
                .contains("9999]]");
        assertThat(Tensor.arange(9)).hasToString("Tensor [9] I32\n[0, 1, 2, 3, 4, 5, 6, 7, 8]");
    }

    @Test
    void manyAxes() {
        assertThat(Tensor.arange(4).reshape(2, 1, 2)).hasToString("Tensor [2, 1, 2] I32\n[[[0, 1]],\n\n [[2, 3]]]");
    }

    @Test
    void specialAndExtremeNumbers() {
        assertThat(Tensor.of(new float[] {Float.NaN, Float.POSITIVE_INFINITY, 1})
                        .toString())
                .contains("NaN, Infinity,");
        assertThat(Tensor.of(new float[] {1e9f, 1}).toString()).contains("1.000e+09");
        assertThat(Tensor.of(new float[] {1e-6f}).toString()).contains("1.000e-06");
        assertThat(Tensor.of(new float[] {1 / 3f}).toString()).contains("0.3333");
    }

    @Test
    void largeTensorsAreNotCopied() {
        assertThat(Tensor.scalar(1).broadcastTo(1 << 20, 1 << 20).toString())
                .startsWith("Tensor [1048576, 1048576] F32\n[[1.0, 1.0");
    }

    @Test
    void freedTensorsSaySo() {
        Tensor x;
        try (Scope _ = Scope.open()) {
            x = Tensor.zeros(DType.F32, 2);
        }
        assertThat(x.toString()).startsWith("Tensor [2] F32 (no values: ").contains("was freed when its Scope closed");
    }

    @Test
    void plainNumbers() {
        assertThat(Printing.plain(0.25)).isEqualTo("0.25");
        assertThat(Printing.plain(-3)).isEqualTo("-3");
        assertThat(Printing.plain(1 / 3.0)).isEqualTo("0.3333333");
        assertThat(Printing.plain(1.5e-9)).isEqualTo("1.5e-09");
        assertThat(Printing.plain(2e20)).isEqualTo("2e+20");
        assertThat(Printing.plain(Double.NaN)).isEqualTo("NaN");
        assertThat(Printing.plain(0.0001)).isEqualTo("0.0001");
        assertThat(Printing.plain(120.5)).isEqualTo("120.5");
    }
}
