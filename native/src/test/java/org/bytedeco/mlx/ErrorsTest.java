package org.bytedeco.mlx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.mlx.global.mlx.*;

import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;

/** What C++ throws arrives in Java with its message, and nothing is lost. */
class ErrorsTest {
    private final array matrix = zeros(new Shape(2, 3));

    @Test
    void wrongShapes() {
        assertThatThrownBy(() -> matmul(matrix, matrix))
                .isInstanceOf(RuntimeException.class)
                .hasMessageContaining("[matmul]")
                .hasMessageContaining("(2,3)");
        assertThatThrownBy(() -> reshape(matrix, new Shape(4, 2))).hasMessageContaining("[reshape]");
        assertThatThrownBy(() -> add(matrix, zeros(new Shape(5)))).hasMessageContaining("broadcast");
    }

    @Test
    void wrongDimension() {
        assertThatThrownBy(() -> matrix.shape(2)).hasMessageContaining("out of range");
        assertThatThrownBy(() -> new Shape(1, 2).get(2)).hasMessageContaining("out of range");
        assertThatThrownBy(() -> new ArrayVector().get(0)).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> new ArrayMap().get("x")).isInstanceOf(RuntimeException.class);
    }

    @Test
    void wrongLength() {
        assertThatThrownBy(() -> new array(new float[5], new Shape(2, 3)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("5 values")
                .hasMessageContaining("[2, 3]");
        assertThatThrownBy(() -> matrix.item_float()).hasMessageContaining("size 1");
    }

    @Test
    void wrongMemory() {
        Shape six = new Shape(2, 3);
        assertThatThrownBy(() -> new array(new FloatPointer(5), six)).hasMessageContaining("5 values");
        assertThatThrownBy(() -> new array((FloatPointer) null, six)).hasMessageContaining("null");
        assertThatThrownBy(() -> new array(new float[1], new Shape(-1))).hasMessageContaining("negative");
        assertThatThrownBy(() -> array_from_bytes(null, six, float32())).hasMessageContaining("null");
        assertThatThrownBy(() -> array_over(null, six, float32())).hasMessageContaining("null");
        assertThatThrownBy(() -> array_from_bytes(new FloatPointer(1), new Shape(-1), float32()))
                .hasMessageContaining("negative");
        assertThatThrownBy(() -> array_from_bytes(new FloatPointer(1), new Shape(1 << 30, 1 << 30, 1 << 30), float32()))
                .hasMessageContaining("address");
        assertThatThrownBy(() -> six.put(2, 1)).hasMessageContaining("out of range");
        assertThatThrownBy(() -> new Strides(1, 2).put(2, 1)).hasMessageContaining("out of range");
    }

    @Test
    void nullArguments() {
        assertThatThrownBy(() -> add(null, matrix)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> new ArrayVector((array) null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void missingFile() {
        assertThatThrownBy(() -> load("/nowhere/a.npy").eval()).hasMessageContaining("/nowhere/a.npy");
        assertThatThrownBy(() -> import_function("/nowhere/f.mlxfn")).hasMessageContaining("/nowhere/f.mlxfn");
    }

    @Test
    void errorInAnEvaluationLeavesTheLibraryUsable() {
        array singular = zeros(new Shape(2, 2));
        StreamOrDevice cpu = new StreamOrDevice(new Device(0, 0));
        assertThatThrownBy(() -> inv(singular, cpu).eval()).isInstanceOf(RuntimeException.class);
        assertThat(add(new array(1f), new array(2f)).item_float()).isEqualTo(3f);
    }

    @Test
    void threadsSetting() {
        assertThatThrownBy(() -> set_blas_threads(0)).hasMessageContaining("1 or more");
        System.setProperty("org.bytedeco.mlx.threads", "many");
        try {
            assertThatThrownBy(() -> threads()).hasMessageContaining("many");
            System.setProperty("org.bytedeco.mlx.threads", "3");
            assertThat(threads()).isEqualTo(3);
        } finally {
            System.clearProperty("org.bytedeco.mlx.threads");
        }
    }
}
