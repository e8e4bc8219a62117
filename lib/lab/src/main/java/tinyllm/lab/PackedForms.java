package tinyllm.lab;

import java.lang.foreign.MemorySegment;
import tinyllm.arrays.PackedRows;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.PackedWeight;
import tinyllm.kernel.WeightForm;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The 4-bit matrices of chapter 2.2 in the forms that the library's kernels read. */
public final class PackedForms {

    private PackedForms() {}

    /** For this lab's CPU kernels, with scales and biases in float16. */
    public static PackedWeight own(PackedRows w) {
        int groups = w.cols() / w.groupSize();
        return PackedWeight.pack(
                new WeightForm(w.rows(), w.cols(), 4, w.groupSize(), WeightForm.Scales.HALF),
                (first, count, codes, scales, biases, d, dmin) -> {
                    for (int i = 0; i < count * w.cols(); i++) {
                        int at = first * w.cols() + i;
                        codes[i] = (byte) (w.words()[at / 8] >>> 4 * (at % 8) & 15);
                    }
                    System.arraycopy(w.scales(), first * groups, scales, 0, count * groups);
                    System.arraycopy(w.biases(), first * groups, biases, 0, count * groups);
                },
                null);
    }

    /** For MLX, whose packing it is. */
    public static MlxKernels.Packed mlx(PackedRows w) {
        int groups = w.cols() / w.groupSize();
        return new MlxKernels.Packed(
                words(w),
                Tensor.of(w.scales(), w.rows(), groups),
                Tensor.of(w.biases(), w.rows(), groups),
                4,
                w.groupSize());
    }

    /** The packed codes, {@code [rows, cols / 8]} in U32. */
    public static Tensor words(PackedRows w) {
        return Tensor.of(MemorySegment.ofArray(w.words()), DType.U32, w.rows(), w.cols() / 8);
    }
}
