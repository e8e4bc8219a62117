package tinyllm.lab;

import tinyllm.kernel.QuantizedKernels;
import tinyllm.lab.exercises.quantized.gpu.MatvecKernels;
import tinyllm.lab.exercises.quantized.gpu.QuantizedInputs;
import tinyllm.lab.view.Picture;

/** The two kernels of chapter 2.3a on one product: who touches which word, and the bytes that move. */
public final class MatvecView {

    private static final int BUFFER_OF_WEIGHTS = 1;
    private static final int MOMENTS = 8;
    private static final int WORDS = 256;

    private final QuantizedInputs in;

    private MatvecView(QuantizedInputs in) {
        this.in = in;
    }

    /** A row of k numbers times 4-bit weights {@code [n, k]}. */
    public static MatvecView of(int k, int n) {
        return new MatvecView(QuantizedInputs.draw(1, 1, k, n));
    }

    /** What the first SIMD group reads of the first 256 words, with a source of "2.3a naive". */
    public Picture plain(String title, String source) {
        return Coalescing.touches(
                title,
                MatvecKernels.named(source),
                MatvecKernels.oneThreadEach(in.outputs()),
                BUFFER_OF_WEIGHTS,
                MOMENTS,
                WORDS,
                MatvecKernels.arguments(in));
    }

    /** The same with a source of "2.3a matvec". */
    public Picture together(String title, String source) {
        return Coalescing.touches(
                title,
                MatvecKernels.named(source),
                MatvecKernels.simdGroups(in.outputs()),
                BUFFER_OF_WEIGHTS,
                MOMENTS,
                WORDS,
                MatvecKernels.arguments(in));
    }

    /** Both sources and the library's kernel, counted. */
    public KernelBars bars(String plain, String together) {
        return KernelBars.of(in.fewestBytes())
                .with(
                        "plain",
                        MatvecKernels.named(plain),
                        MatvecKernels.oneThreadEach(in.outputs()),
                        MatvecKernels.arguments(in))
                .with(
                        "32 lanes",
                        MatvecKernels.named(together),
                        MatvecKernels.simdGroups(in.outputs()),
                        MatvecKernels.arguments(in))
                .with("the library's", QuantizedKernels.matvec(in.x(), in.weights()));
    }
}
