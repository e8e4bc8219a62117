package tinyllm.natives;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.ByVal;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Const;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.annotation.StdString;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.StreamOrDevice;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.presets.mlx;

/** What {@code tinyllm/primitives.h} declares; its comments say what each thing does. */
@Properties(
        inherit = mlx.class,
        value =
                @Platform(
                        value = {"linux-x86_64", "linux-arm64", "macosx-arm64"},
                        compiler = "cpp20",
                        include = "tinyllm/primitives.h",
                        link = {"tinyllm_kernels", "mlx"},
                        library = "jnitinyllm"))
@Namespace("tinyllm")
public class kernels {
    static {
        Loader.load(org.bytedeco.mlx.global.mlx.class);
        Loader.load();
        set_kernel_threads(threads());
        org.bytedeco.mlx.global.mlx.set_blas_threads(kernel_threads());
    }

    /** What was asked for, else one thread for each physical core, of those that this process's container gives it. */
    private static int threads() {
        boolean given = System.getProperty("org.bytedeco.mlx.threads", System.getenv("TINYLLM_THREADS")) != null;
        return given ? mlx.threads() : Math.min(physical_core_count(), mlx.threads());
    }

    private kernels() {}

    /** Loads the library; calling it again does nothing. */
    public static void load() {}

    public static class PackedMatrix extends Pointer {
        static {
            kernels.load();
        }

        public PackedMatrix(int rows, int cols, int bits, int group, int kind) {
            allocate(rows, cols, bits, group, kind);
        }

        private native void allocate(int rows, int cols, int bits, int group, int kind);

        public native void pack(
                int tile,
                @Cast("const unsigned char*") BytePointer codes,
                @Const FloatPointer scales,
                @Const FloatPointer biases,
                @Const FloatPointer d,
                @Const FloatPointer dmin);

        public native void set_bias(@Const @ByRef array bias);

        public native void packed(@Cast("bool") boolean finite);

        public native @Cast("size_t") long nbytes();

        public native void row(int row, FloatPointer to);
    }

    public static class LinearKernel extends Pointer {
        static {
            kernels.load();
        }

        public LinearKernel() {
            allocate();
        }

        private native void allocate();

        public native void add(@Const @ByRef PackedMatrix matrix);

        public native void set_norm(@Const @ByRef array weight, float eps);

        public native void set_swiglu();

        public native @ByVal array apply(@Const @ByRef array x, @ByVal StreamOrDevice s);

        public native @ByVal array apply(@Const @ByRef array x, @Const @ByRef array residual, @ByVal StreamOrDevice s);
    }

    public static class KvPages extends Pointer {
        static {
            kernels.load();
        }

        public KvPages(int kvHeads, int headDim, int pageTokens, int kind) {
            allocate(kvHeads, headDim, pageTokens, kind);
        }

        private native void allocate(int kvHeads, int headDim, int pageTokens, int kind);

        public native void add_page();

        public native void keep_pages(int count);

        public native int pages();

        public native @Cast("size_t") long nbytes();

        public static native @Cast("size_t") long page_nbytes(int kvHeads, int headDim, int pageTokens, int kind);
    }

    public static class KvMemory extends Pointer {
        static {
            kernels.load();
        }

        public KvMemory(
                int layers,
                int kvHeads,
                int headDim,
                int pageTokens,
                int keyKind,
                int valueKind,
                boolean beforeRotation,
                boolean neighbours,
                int pages) {
            allocate(layers, kvHeads, headDim, pageTokens, keyKind, valueKind, beforeRotation, neighbours, pages);
        }

        private native void allocate(
                int layers,
                int kvHeads,
                int headDim,
                int pageTokens,
                int keyKind,
                int valueKind,
                @Cast("bool") boolean beforeRotation,
                @Cast("bool") boolean neighbours,
                int pages);

        public native void set_angles(@Const @ByRef array cosines, @Const @ByRef array sines);

        public native void add_bias(@Const @ByRef array bias);

        public native void copy_page(int from, int to);

        public native void fill_page(int page, int value);

        public native @Cast("size_t") long nbytes();
    }

    public static class BlockTables extends Pointer {
        static {
            kernels.load();
        }

        public BlockTables(KvMemory memory) {
            allocate(memory);
        }

        private native void allocate(@Const @ByRef KvMemory memory);

        public native void add(int firstRow, int tokens, int position, @Const int[] pages, int count);
    }

    public static class AttentionKernel extends Pointer {
        static {
            kernels.load();
        }

        public AttentionKernel(int heads, int kvHeads, int headDim, boolean neighbours, float scale) {
            allocate(heads, kvHeads, headDim, neighbours, scale);
        }

        private native void allocate(
                int heads, int kvHeads, int headDim, @Cast("bool") boolean neighbours, float scale);

        public native void set_norms(@Const @ByRef array q, @Const @ByRef array k, float eps);

        public native @ByVal array apply(
                @Const @ByRef array qkv,
                @Const @ByRef array cosines,
                @Const @ByRef array sines,
                @Const @ByRef KvPages pages,
                int position,
                @ByVal StreamOrDevice s);

        public native @ByVal array apply(
                @Const @ByRef array qkv,
                @Const @ByRef array cosines,
                @Const @ByRef array sines,
                @Const @ByRef BlockTables tables,
                int layer,
                @ByVal StreamOrDevice s);
    }

    public static class BlockKernel extends Pointer {
        static {
            kernels.load();
        }

        public BlockKernel(
                LinearKernel projections,
                AttentionKernel attention,
                LinearKernel output,
                LinearKernel gateUp,
                LinearKernel down) {
            allocate(projections, attention, output, gateUp, down);
        }

        private native void allocate(
                @Const @ByRef LinearKernel projections,
                @Const @ByRef AttentionKernel attention,
                @Const @ByRef LinearKernel output,
                @Const @ByRef LinearKernel gateUp,
                @Const @ByRef LinearKernel down);

        public native @ByVal array apply(
                @Const @ByRef array x,
                @Const @ByRef array cosines,
                @Const @ByRef array sines,
                @Const @ByRef KvPages pages,
                int position,
                @ByVal StreamOrDevice s);

        public native @ByVal array apply(
                @Const @ByRef array x,
                @Const @ByRef array cosines,
                @Const @ByRef array sines,
                @Const @ByRef BlockTables tables,
                int layer,
                @ByVal StreamOrDevice s);
    }

    public static native @ByVal ArrayVector read_pages(
            @Const @ByRef KvPages pages, int tokens, @ByVal StreamOrDevice s);

    public static native @ByVal ArrayVector read_pages(
            @Const @ByRef BlockTables tables, int layer, int tokens, @ByVal StreamOrDevice s);

    public static native @ByVal array write_pages(
            @Const @ByRef array k,
            @Const @ByRef array v,
            @Const @ByRef BlockTables tables,
            int layer,
            @ByVal StreamOrDevice s);

    public static native @ByVal array write_pages(
            @Const @ByRef array k,
            @Const @ByRef array v,
            @Const @ByRef KvPages pages,
            int position,
            @ByVal StreamOrDevice s);

    public static native @ByVal array flash_attention(
            @Const @ByRef array q,
            @Const @ByRef array k,
            @Const @ByRef array v,
            @Cast("bool") boolean causal,
            float scale,
            @ByVal StreamOrDevice s);

    public static native @ByVal array flash_attention(
            @Const @ByRef array q,
            @Const @ByRef array k,
            @Const @ByRef array v,
            @Const @ByRef array mask,
            float scale,
            @ByVal StreamOrDevice s);

    public static native @ByVal array rms_norm(
            @Const @ByRef array x, @Const @ByRef array weight, float eps, @ByVal StreamOrDevice s);

    public static native @ByVal ArrayVector rms_norm_residual(
            @Const @ByRef array x,
            @Const @ByRef array residual,
            @Const @ByRef array weight,
            float eps,
            @ByVal StreamOrDevice s);

    public static native @ByVal array swiglu(@Const @ByRef array gate, @Const @ByRef array up, @ByVal StreamOrDevice s);

    public static native @ByVal array softmax(@Const @ByRef array x, @ByVal StreamOrDevice s);

    public static native @ByVal array log_sum_exp(@Const @ByRef array x, @ByVal StreamOrDevice s);

    public static native @ByVal ArrayVector top_candidates(
            @Const @ByRef array x,
            @Const @ByRef array counts,
            @Const @ByRef array scales,
            int cols,
            @ByVal StreamOrDevice s);

    public static native @ByVal ArrayVector top_allowed(
            @Const @ByRef array x,
            @Const @ByRef array picked,
            @Const @ByRef array masks,
            @Const @ByRef array counts,
            @Const @ByRef array scales,
            int cols,
            @ByVal StreamOrDevice s);

    public static native @ByVal array rope(
            @Const @ByRef array x,
            @Const @ByRef array cosines,
            @Const @ByRef array sines,
            @Cast("bool") boolean neighbours,
            @ByVal StreamOrDevice s);

    public static native @ByVal array embed(
            @Const @ByRef PackedMatrix table, @Const @ByRef array ids, @ByVal StreamOrDevice s);

    public static native int kernel_threads();

    public static native void set_kernel_threads(int count);

    public static native int physical_core_count();

    public static native double read_bandwidth(@Cast("size_t") long bytes);

    public static native @StdString String instruction_set_names();

    public static native @StdString String instruction_set();

    public static native @Cast("bool") boolean choose_instruction_set(@StdString String name);
}
