package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CreationTest {
    @Test
    void fromJavaArrays() {
        assertThat(Tensor.of(new float[] {1, 2}).shape()).containsExactly(2);
        assertThat(Tensor.of(new float[] {1}).shape()).containsExactly(1);
        assertThat(Tensor.of(new double[] {0.1, 2}, 2, 1).dtype()).isEqualTo(DType.F32);
        assertThat(Tensor.of(new int[] {1, 2, 3, 4}, 2, 2).toInts()).containsExactly(1, 2, 3, 4);
        assertThat(Tensor.of(new long[] {Long.MIN_VALUE, Long.MAX_VALUE}).toLongs())
                .containsExactly(Long.MIN_VALUE, Long.MAX_VALUE);
        assertThat(Tensor.of(new boolean[] {true, false}).toBooleans()).containsExactly(true, false);
        assertThat(Tensor.of(new float[][] {{1, 2, 3}, {4, 5, 6}}).toMatrix()[1])
                .containsExactly(4, 5, 6);
        assertThat(Tensor.of(new int[][] {{1, 2}, {3, 4}}).dtype()).isEqualTo(DType.I32);
        assertThat(Tensor.of(new float[0]).shape()).containsExactly(0);
        assertThat(Tensor.of(new float[0][]).shape()).containsExactly(0, 0);
        assertThat(Tensor.scalar(2.5).shape()).isEmpty();
        assertThat(Tensor.scalar(2, DType.I64).item()).isEqualTo(2);
    }

    @Test
    void javaArraysAreCopied() {
        float[] values = {1, 2};
        Tensor x = Tensor.of(values);
        values[0] = 9;
        assertThat(x.toFloats()).containsExactly(1, 2);
        x.toFloats()[0] = 9;
        x.shape()[0] = 7;
        assertThat(x.toFloats()).containsExactly(1, 2);
        assertThat(x.shape()).containsExactly(2);
    }

    @Test
    void filled() {
        assertThat(Tensor.zeros(DType.I8, 2, 3).toInts()).containsOnly(0).hasSize(6);
        assertThat(Tensor.ones(DType.BOOL, 2).toBooleans()).containsExactly(true, true);
        assertThat(Tensor.full(-1.5, DType.BF16, 2).toFloats()).containsExactly(-1.5f, -1.5f);
        assertThat(Tensor.full(Double.NaN, DType.F16).item()).isNaN();
        assertThat(Tensor.zeros(DType.F32, 3, 0).size()).isZero();
        assertThat(Tensor.arange(4).toInts()).containsExactly(0, 1, 2, 3);
        assertThat(Tensor.arange(0).shape()).containsExactly(0);
        assertThat(Tensor.arange(1, 2, 0.25).toFloats()).containsExactly(1, 1.25f, 1.5f, 1.75f);
        assertThat(Tensor.arange(3, 0, -1).toFloats()).containsExactly(3, 2, 1);
        assertThat(Tensor.arange(0, -1, 1).size()).isZero();
        assertThat(Tensor.eye(2).toFloats()).containsExactly(1, 0, 0, 1);
        assertThat(Tensor.eye(0).shape()).containsExactly(0, 0);
    }

    @Test
    void randomNumbersRepeatBySeed() {
        assertThat(Tensor.uniform(7, 1000).toFloats())
                .isEqualTo(Tensor.uniform(7, 1000).toFloats());
        assertThat(Tensor.uniform(7, 1000).toFloats())
                .isNotEqualTo(Tensor.uniform(8, 1000).toFloats());
        Tensor u = Tensor.uniform(1, 100, 100);
        assertThat(u.min().item()).isBetween(0.0, 0.01);
        assertThat(u.max().item()).isBetween(0.99, 1.0).isLessThan(1);
        Tensor n = Tensor.normal(-1, 100, 100);
        assertThat(n.mean().item()).isBetween(-0.05, 0.05);
        assertThat(n.square().mean().item()).isBetween(0.95, 1.05);
        assertThat(Tensor.normal(0, 0, 4).size()).isZero();
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void fromLittleEndianBytes(DType dtype) {
        Nd numbers = Nd.integers(3, 0, 2, 3, 5);
        byte[] bytes = bytes(numbers.values(), dtype);
        numbers.matches(Tensor.of(MemorySegment.ofArray(bytes), dtype, 3, 5), dtype);
        try (Arena arena = Arena.ofConfined()) {
            // Not aligned, native.
            MemorySegment odd = arena.allocate(bytes.length + 1).asSlice(1);
            odd.copyFrom(MemorySegment.ofArray(bytes));
            numbers.matches(Tensor.of(odd, dtype, 3, 5), dtype);
        }
    }

    private static byte[] bytes(double[] values, DType dtype) {
        MemorySegment out = MemorySegment.ofArray(new byte[values.length * dtype.bytes()]);
        for (int i = 0; i < values.length; i++) {
            long at = (long) i * dtype.bytes();
            float f = (float) values[i];
            switch (dtype) {
                case F64 -> out.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, at, values[i]);
                case F32 -> out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, f);
                case F16 -> out.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(f));
                case BF16 -> out.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) (Float.floatToRawIntBits(f) >>> 16));
                default -> out.set(ValueLayout.JAVA_BYTE, at, (byte) values[i]);
            }
        }
        return out.toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void bytesOtherThanZeroAreTrue() {
        Tensor x = Tensor.of(MemorySegment.ofArray(new byte[] {0, 1, 2, -1}), DType.BOOL, 4);
        assertThat(x.toBooleans()).containsExactly(false, true, true, true);
        assertThat(x.sum().item()).isEqualTo(3);
    }

    @Test
    void everyCast() {
        for (DType from : DType.values()) {
            for (DType to : DType.values()) {
                Nd numbers = Nd.integers(4, 0, 2, 4);
                numbers.matches(numbers.tensor(from).astype(to), to);
            }
        }
    }

    @Test
    void halvesRoundToNearest() {
        float[] values = {0.1f, 1 / 3f, 65504, -2.71828f, 1e-7f, 3.3895314e38f};
        float[] f16 = Tensor.of(values).astype(DType.F16).toFloats();
        float[] bf16 = Tensor.of(values).astype(DType.BF16).toFloats();
        for (int i = 0; i < values.length; i++) {
            assertThat(f16[i]).isEqualTo(Float.float16ToFloat(Float.floatToFloat16(values[i])));
            int bits = Float.floatToRawIntBits(values[i]);
            int rounded = (bits + 0x7FFF + (bits >>> 16 & 1)) & 0xFFFF0000;
            assertThat(bf16[i]).isEqualTo(Float.intBitsToFloat(rounded));
        }
    }

    @Test
    void valuesOfEveryDtypeAndLayout() {
        Nd x = Nd.integers(5, 0, 100, 3, 4);
        double[] turned = Nd.build(new int[] {4, 3}, i -> x.get(i[1], i[0])).values();
        for (DType dtype : DType.values()) {
            if (dtype == DType.BOOL) {
                continue;
            }
            Tensor t = x.tensor(dtype).T();
            assertThat(t.toDoubles()).containsExactly(turned);
            assertThat(t.toFloats()).containsExactly(toFloats(turned));
            assertThat(t.toInts())
                    .containsExactly(
                            Arrays.stream(turned).mapToInt(v -> (int) v).toArray());
            assertThat(t.toLongs())
                    .containsExactly(
                            Arrays.stream(turned).mapToLong(v -> (long) v).toArray());
            assertThat(x.tensor(dtype).at("::2, 1").broadcastTo(2, 2).toInts())
                    .containsExactly((int) x.get(0, 1), (int) x.get(2, 1), (int) x.get(0, 1), (int) x.get(2, 1));
        }
        assertThat(Tensor.of(new float[] {-1.9f, 1.9f}).toInts()).containsExactly(-1, 1);
        assertThat(Tensor.full(4e9, DType.U32, 1).toLongs()).containsExactly(4_000_000_000L);
        assertThat(Tensor.full(250, DType.U8, 1).toInts()).containsExactly(250);
        assertThat(Tensor.of(new int[] {-3}).astype(DType.I8).toInts()).containsExactly(-3);
    }

    private static float[] toFloats(double[] values) {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) values[i];
        }
        return out;
    }

    @Test
    void facts() {
        Tensor x = Tensor.zeros(DType.BF16, 2, 3);
        assertThat(x.rank()).isEqualTo(2);
        assertThat(x.dim(-1)).isEqualTo(3);
        assertThat(x.size()).isEqualTo(6);
        assertThat(x.nbytes()).isEqualTo(12);
        assertThat(x.isEvaluated()).isFalse();
        assertThat(x.eval().isEvaluated()).isTrue();
        Tensor inner = x.add(1);
        inner.mul(2).eval();
        assertThat(inner.isEvaluated()).isTrue();
    }
}
