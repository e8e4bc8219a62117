package org.bytedeco.mlx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.mlx.HeadersTest.floats;
import static org.bytedeco.mlx.global.mlx.*;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.junit.jupiter.api.Test;

class ArraysTest {
    @Test
    void scalars() {
        assertThat(new array(1.5f).item_float()).isEqualTo(1.5f);
        assertThat(new array(-3).item_int()).isEqualTo(-3);
        assertThat(new array(true).item_bool()).isTrue();
        assertThat(new array(1L << 40, int64()).item_long()).isEqualTo(1L << 40);
        assertThat(astype(new array(0.1, float16()), float32()).item_float()).isEqualTo(0.099975586f);
        assertThat(new array(2f).ndim()).isZero();
    }

    @Test
    void fromJavaAndNativeMemory() {
        assertThat(new array(new int[] {1, 2}, new Shape(2)).dtype().val()).isEqualTo(Dtype.int32);
        assertThat(floats(new array(new FloatPointer(1f, 2f), new Shape(2)))).containsExactly(1, 2);
        assertThat(floats(new array(new IntPointer(3, 4), new Shape(2)))).containsExactly(3, 4);
        array empty = new array(new float[0], new Shape(0, 3));
        assertThat(empty.size()).isZero();
        assertThat(floats(sum(empty))).containsExactly(0);
    }

    @Test
    void bytesKeepTheDtypesOwnFormat() {
        Shape two = new Shape(2);
        assertThat(floats(array_from_bytes(new ShortPointer((short) 0x3C00, (short) 0xC000), two, float16())))
                .containsExactly(1, -2);
        assertThat(floats(array_from_bytes(new ShortPointer((short) 0x3F80, (short) 0xC000), two, bfloat16())))
                .containsExactly(1, -2);
        assertThat(floats(array_from_bytes(new BytePointer((byte) 1, (byte) -1), two, uint8())))
                .containsExactly(1, 255);
        assertThat(floats(array_from_bytes(new LongPointer(5L, -6L), two, int64())))
                .containsExactly(5, -6);
    }

    @Test
    void dataPointers() {
        array a = new array(new float[] {1, 2, 3, 4}, new Shape(2, 2));
        Pointer raw = a.data_void();
        assertThat(raw.address()).isEqualTo(a.data_float().address());
        assertThat(raw.capacity(a.nbytes())
                        .limit(a.nbytes())
                        .asByteBuffer()
                        .order(java.nio.ByteOrder.nativeOrder())
                        .getFloat(12))
                .isEqualTo(4);
        array transposed = transpose(a);
        transposed.eval();
        assertThat(transposed.flags().row_contiguous()).isFalse();
        assertThat(a.flags().row_contiguous()).isTrue();
    }

    @Test
    void statusOfALazyArray() {
        array a = add(new array(1f), new array(2f));
        assertThat(a.status()).isEqualTo(array.unscheduled);
        assertThat(a.has_primitive()).isTrue();
        a.eval();
        assertThat(a.is_available()).isTrue();
        assertThat(a.inputs().size()).isZero();
    }

    @Test
    void everyDtype() {
        List<Dtype> dtypes = List.of(
                bool_(),
                uint8(),
                uint16(),
                uint32(),
                uint64(),
                int8(),
                int16(),
                int32(),
                int64(),
                float16(),
                float32(),
                float64(),
                bfloat16(),
                complex64());
        assertThat(IntStream.range(0, dtypes.size()).map(i -> dtypes.get(i).val()))
                .containsExactly(IntStream.range(0, dtypes.size()).boxed().toArray(Integer[]::new));
        assertThat(dtypes).extracting(Dtype::toString).contains("float32", "bfloat16", "bool", "complex64");
        assertThat(issubdtype(float16(), floating())).isTrue();
        assertThat(promote_types(float16(), int32()).val()).isEqualTo(Dtype.float16);
    }

    @Test
    void vectorsAndOptionals() {
        ArrayVector parts = split(arange(6), 3);
        assertThat(parts.size()).isEqualTo(3);
        assertThat(floats(parts.get(2))).containsExactly(4, 5);
        assertThat(floats(concatenate(parts, 0))).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(floats(clip(
                        arange(4),
                        new ArrayOptional(new array(1)),
                        new ArrayOptional(new array(2)),
                        new StreamOrDevice())))
                .containsExactly(1, 1, 2, 2);
        assertThat(floats(transpose(new array(new float[] {1, 2, 3, 4}, new Shape(2, 2)), new IntVector(1, 0))))
                .containsExactly(1, 3, 2, 4);
        ArrayTuple pair = minmax(arange(5));
        assertThat(pair.get0().item_int()).isZero();
        assertThat(pair.get1().item_int()).isEqualTo(4);
        ArrayPair keys = random_split(key(1));
        assertThat(keys.first().shape().toArray()).containsExactly(2);
    }

    @Test
    void quantizedProductIsCloseToThePlainOne() {
        seed(1);
        array x = normal(new Shape(3, 64));
        array w = normal(new Shape(32, 64));
        ArrayVector q = quantize(
                w, new IntOptional(32), new IntOptional(8), "affine", new ArrayOptional(), new StreamOrDevice());
        array product = quantized_matmul(
                x,
                q.get(0),
                q.get(1),
                new ArrayOptional(q.get(2)),
                true,
                new IntOptional(32),
                new IntOptional(8),
                "affine",
                new StreamOrDevice());
        assertThat(max(abs(subtract(product, matmul(x, transpose(w))))).item_float())
                .isBetween(1e-6f, 0.2f);
    }

    @Test
    void ropeWithOptionalBase() {
        array x = ones(new Shape(1, 1, 2, 4));
        array turned = rope(x, 4, false, new FloatOptional(1e6f), 1f, 0, new ArrayOptional(), new StreamOrDevice());
        float[] values = floats(turned);
        assertThat(values).isEqualTo(floats(rope(x, 4, false, new FloatOptional(1e6f), 1f, 0, null, null)));
        assertThat(values[0]).isEqualTo(1f);
        assertThat((double) values[4]).isCloseTo(Math.cos(1) - Math.sin(1), org.assertj.core.data.Offset.offset(1e-6));
    }

    @Test
    void text() {
        assertThat(new array(new float[] {1, 2}, new Shape(2)).toString())
                .contains("1")
                .contains("2");
        assertThat(new Shape(2, 3)).hasToString("[2, 3]");
        assertThat(new Device(0, 0).toString()).contains("cpu");
        assertThat(default_stream(new Device(0, 0)).toString()).contains("cpu");
    }
}
