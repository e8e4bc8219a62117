package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NativeEnvironmentTest {

    @Test
    void aDefaultGivesWayToWhatIsSet() {
        String name = "TINYLLM_TEST_OF_THE_ENVIRONMENT";
        assertThat(NativeEnvironment.get(name)).isNull();
        NativeEnvironment.setDefault(name, "größer");
        NativeEnvironment.setDefault(name, "2");
        assertThat(NativeEnvironment.get(name)).isEqualTo("größer");
        assertThat(NativeEnvironment.get("PATH")).isEqualTo(System.getenv("PATH"));
    }

    /** F32 products are F32 on every device: MLX would round their factors to 10 bits on an NVIDIA GPU. */
    @Test
    void matrixProductsKeepTheirBits() {
        assertThat(Device.current()).isNotNull();
        assertThat(NativeEnvironment.get("MLX_ENABLE_TF32")).isNotNull();
        Tensor third = Tensor.full(1 / 3.0, DType.F32, 32, 32);
        assertThat(third.matmul(third).item(0, 0)).isCloseTo(32 / 9.0, org.assertj.core.data.Offset.offset(1e-5));
    }
}
