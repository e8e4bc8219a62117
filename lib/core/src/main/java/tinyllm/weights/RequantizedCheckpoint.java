package tinyllm.weights;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * A checkpoint whose matrices are quantized anew when they are read, whatever they are stored as: for comparing bits and group sizes
 * (chapter 2.2). Scales and biases of groups are float16. A matrix whose columns are no multiple of the group size gets the largest
 * smaller group that divides them; one whose columns are no multiple of 32 stays as it is stored. Norms and biases are left alone. It
 * owns the checkpoint that it reads.
 */
public final class RequantizedCheckpoint implements Checkpoint {
    private final Checkpoint stored;
    private final AffineQuantization form;

    public RequantizedCheckpoint(Checkpoint stored, AffineQuantization form) {
        this.stored = stored;
        this.form = form;
    }

    /** What this matrix becomes; null for a tensor that stays as it is. */
    private @Nullable AffineQuantization form(String name) {
        int[] shape = stored.shape(name);
        return shape.length == 2 ? form.fitting(shape[1]) : null;
    }

    @Override
    public Path path() {
        return stored.path();
    }

    @Override
    public Map<String, Object> config() {
        return stored.config();
    }

    @Override
    public Map<String, Object> metadata() {
        return stored.metadata();
    }

    @Override
    public Set<String> names() {
        return stored.names();
    }

    @Override
    public boolean has(String name) {
        return stored.has(name);
    }

    @Override
    public int[] shape(String name) {
        return stored.shape(name);
    }

    @Override
    public boolean isQuantized(String name) {
        return form(name) != null || stored.isQuantized(name);
    }

    /** With scales and biases of 16 bits, as a file would hold them. */
    @Override
    public long fileBytes(String name) {
        AffineQuantization to = form(name);
        if (to == null) {
            return stored.fileBytes(name);
        }
        int[] shape = stored.shape(name);
        long weights = (long) shape[0] * shape[1];
        return weights * to.bits() / 8 + weights / to.groupSize() * 4;
    }

    @Override
    public Tensor load(String name, DType dtype) {
        AffineQuantization to = form(name);
        Tensor loaded = stored.load(name, to == null ? dtype : DType.F32);
        if (to == null) {
            return loaded;
        }
        int rows = loaded.dim(0);
        int cols = loaded.dim(1);
        float[] values = loaded.toFloats();
        IntStream.range(0, rows).parallel().forEach(r -> to.roundInHalf(values, r * cols, cols));
        return Tensor.of(values, rows, cols).astype(dtype);
    }

    @Override
    public <T> T quantized(String name, Function<AffineRows, T> body) {
        AffineQuantization to = form(name);
        if (to == null) {
            return stored.quantized(name, body);
        }
        int[] shape = stored.shape(name);
        return body.apply(
                new Rows(to, shape[0], shape[1], stored.load(name, DType.F32).toFloats()));
    }

    /** Rows of real numbers, quantized as they are asked for. */
    private record Rows(AffineQuantization form, int rows, int cols, float[] values) implements AffineRows {

        @Override
        public int bits() {
            return form.bits();
        }

        @Override
        public int groupSize() {
            return form.groupSize();
        }

        @Override
        public Scales scales() {
            return Scales.HALF;
        }

        @Override
        public String type() {
            return bits() + " bits, groups of " + groupSize();
        }

        @Override
        public void read(int first, int count, byte[] codes, float[] scales, float[] biases, float[] d, float[] dmin) {
            float[] some = java.util.Arrays.copyOfRange(values, first * cols, (first + count) * cols);
            AffineQuantization.Packed packed = form.quantizeInHalf(some, count, cols);
            form.codes(packed, codes);
            System.arraycopy(packed.scales(), 0, scales, 0, packed.scales().length);
            System.arraycopy(packed.biases(), 0, biases, 0, packed.biases().length);
        }
    }

    @Override
    public boolean ropeTraditional() {
        return stored.ropeTraditional();
    }

    @Override
    public @Nullable String textFile(String name) {
        return stored.textFile(name);
    }

    @Override
    public void close() {
        stored.close();
    }
}
