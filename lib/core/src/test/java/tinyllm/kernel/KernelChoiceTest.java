package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.kernel.WeightForm.Scales;
import tinyllm.tensor.Device;

class KernelChoiceTest {

    @ParameterizedTest
    @CsvSource({
        "OWN, CPU, 4, 32, CENTERED, 896, OWN",
        "OWN, CPU, 5, 32, FACTORS, 4864, OWN",
        "OWN, CPU, 6, 16, FACTORS_16, 4864, OWN",
        "OWN, CPU, 3, 64, HALF, 896, OWN_8_BIT",
        "OWN, CPU, 2, 128, BFLOAT, 896, OWN_8_BIT",
        "OWN, METAL, 4, 32, CENTERED, 896, MLX",
        "OWN, CUDA, 6, 16, FACTORS_16, 4864, MLX_8_BIT",
        "MLX, CPU, 3, 64, HALF, 896, MLX",
        "MLX, CPU, 6, 16, FACTORS_16, 4864, MLX_8_BIT",
        "REFERENCE, CPU, 4, 32, CENTERED, 896, FLOAT",
        "REFERENCE, METAL, 4, 64, HALF, 896, FLOAT"
    })
    void matrices(
            KernelSet set, Device device, int bits, int group, Scales scales, int cols, KernelChoice.Matrix expected) {
        WeightForm form = new WeightForm(16, cols, bits, group, scales);
        assertThat(KernelChoice.matrix(set, device, form, cols)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"OWN, CPU, 896, OWN_8_BIT", "OWN, CPU, 100, FLOAT", "MLX, CPU, 896, FLOAT", "REFERENCE, CPU, 896, FLOAT"
    })
    void realNumbers(KernelSet set, Device device, int cols, KernelChoice.Matrix expected) {
        assertThat(KernelChoice.matrix(set, device, null, cols)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "OWN, CPU, 64, OWN_FLASH",
        "OWN, CPU, 2048, ARRAY_OPERATIONS",
        "OWN, METAL, 64, MLX_FUSED",
        "MLX, CPU, 64, MLX_FUSED",
        "REFERENCE, CPU, 64, ARRAY_OPERATIONS"
    })
    void attention(KernelSet set, Device device, int headDim, KernelChoice.Attention expected) {
        assertThat(KernelChoice.attention(set, device, headDim)).isEqualTo(expected);
    }

    @Test
    void standardSets() {
        assertThat(KernelSet.standard(Device.CPU)).isEqualTo(KernelSet.OWN);
        assertThat(KernelSet.standard(Device.METAL)).isEqualTo(KernelSet.MLX);
    }

    @Test
    void plainIsAlwaysThere() {
        assertThat(InstructionSets.available()).endsWith("plain").contains(InstructionSets.current());
    }
}
