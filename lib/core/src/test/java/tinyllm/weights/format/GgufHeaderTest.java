package tinyllm.weights.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tinyllm.weights.format.GgufBuilder.floats;
import static tinyllm.weights.format.GgufBuilder.le;
import static tinyllm.weights.format.GgufBuilder.read;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufHeaderTest {
    private static final byte[] EIGHT = floats(1, 2, 3, 4, 5, 6, 7, 8);

    /** A header of 2 to 8 kB with every kind of value, and 40 tensors. */
    static byte[] good(int version) {
        GgufBuilder file = new GgufBuilder()
                .version(version)
                .string("general.architecture", "qwen2")
                .u32("qwen2.block_count", 2)
                .f32("qwen2.attention.layer_norm_rms_epsilon", 1e-6f)
                .raw("u8", 0, new byte[] {(byte) 200})
                .raw("i16", 3, le(2).putShort((short) -2).array())
                .raw("bool", 7, new byte[] {1})
                .raw("u64", 10, le(8).putLong(1L << 40).array())
                .raw("f64", 12, le(8).putDouble(0.5).array())
                .raw(
                        "ints",
                        9,
                        le(24).putInt(5)
                                .putLong(3)
                                .putInt(1)
                                .putInt(-2)
                                .putInt(3)
                                .array())
                .strings(
                        "tokenizer.ggml.tokens",
                        IntStream.range(0, 60).mapToObj(i -> "token" + i).toArray(String[]::new));
        for (int i = 0; i < 40; i++) {
            file.tensor("blk." + i + ".attn_norm.weight", 0, EIGHT, 2, 4);
        }
        return file.build();
    }

    private static GgufBuilder plain() {
        return new GgufBuilder().string("general.architecture", "qwen2");
    }

    private static void refused(byte[] file, String... parts) {
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(FormatException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void readsWhatWasWritten(int version) {
        GgufHeader header = read(good(version));
        assertThat(header.version()).isEqualTo(version);
        assertThat(header.metadata())
                .containsEntry("qwen2.block_count", 2L)
                .containsEntry("qwen2.attention.layer_norm_rms_epsilon", 1e-6f)
                .containsEntry("u8", 200)
                .containsEntry("i16", -2)
                .containsEntry("bool", true)
                .containsEntry("u64", 1L << 40)
                .containsEntry("f64", 0.5)
                .containsEntry("ints", List.of(1, -2, 3));
        assertThat((List<?>) header.metadata().get("tokenizer.ggml.tokens"))
                .hasSize(60)
                .element(59)
                .isEqualTo("token59");
        assertThat(header.tensors()).hasSize(40);
        TensorEntry last = header.tensors().getLast();
        assertThat(last.shape()).containsExactly(2, 4);
        assertThat(last.offset()).isEqualTo(header.dataOffset() + 39 * 32);
        assertThat(header.dataOffset() % 32).isZero();
    }

    @Test
    void alignmentOfTheFileCounts() {
        byte[] file = plain().alignment(128)
                .tensor("a", 0, EIGHT, 8)
                .tensor("b", 0, EIGHT, 8)
                .build();
        assertThat(read(file).tensors().get(1).offset() % 128).isZero();
    }

    @Test
    void everyPrefixIsRefused() {
        byte[] file = good(3);
        assertThat(read(file).dataOffset()).isBetween(2000L, 8000L);
        for (int length = 0; length < file.length; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> read(cut)).as("cut at %d", length).isInstanceOf(FormatException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {32, 33, 4096, Long.MAX_VALUE, Long.MIN_VALUE, -16})
    void offsetOutsideOfTheData(long offset) {
        refused(
                plain().info("a".getBytes(StandardCharsets.UTF_8), 0, offset, 1, 8)
                        .build(),
                "\"a\"",
                "offset");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 9, 100000, -1})
    void dimensionCount(int count) {
        byte[] file = plain().info("a".getBytes(StandardCharsets.UTF_8), 0, 0, count, 8)
                .build();
        refused(file, Integer.toUnsignedString(count), "dimensions", "1 to 4");
        assertThat(Allocations.during(() -> refused(file, "dimensions"))).isLessThan(1 << 20);
    }

    @Test
    void dimensions() {
        for (long[] dims : new long[][] {
            {(1L << 32) + 2}, {65536, 65536, 65536, 65536}, {1L << 30, 1L << 30, 16}, {-2, -2}, {0}, {8, 0}, {1L << 31}
        }) {
            byte[] file = plain().info("a".getBytes(StandardCharsets.UTF_8), 0, 0, dims.length, dims)
                    .build();
            refused(file, "\"a\"");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 32, Long.MIN_VALUE, -1, 1000})
    void countsThatTheFileCannotHold(long count) {
        for (byte[] file : List.of(plain().build(count, 1), plain().build(0, count))) {
            assertThat(Allocations.during(() -> refused(file, "count is " + Long.toUnsignedString(count))))
                    .isLessThan(1 << 20);
        }
    }

    @Test
    void lengthsThatTheFileCannotHold() {
        byte[] longKey = plain().build();
        le(8).putLong(0, Long.MIN_VALUE).get(0, longKey, 24, 8);
        byte[] longString = plain().raw("s", 8, le(8).putLong(1L << 62).array()).build();
        byte[] longArray = plain().raw(
                        "a", 9, le(12).putInt(0).putLong(Integer.MAX_VALUE).array())
                .build();
        byte[] strings = plain().raw(
                        "a", 9, le(12).putInt(8).putLong(Integer.MAX_VALUE).array())
                .build();
        for (byte[] file : List.of(longKey, longString, longArray, strings)) {
            assertThat(Allocations.during(() -> refused(file, "length", "have room for")))
                    .isLessThan(1 << 20);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 48, Integer.MIN_VALUE, -1})
    void alignmentHasToBeAPowerOfTwo(int alignment) {
        refused(
                plain().u32("general.alignment", alignment)
                        .tensor("a", 0, EIGHT, 8)
                        .build(),
                "general.alignment");
    }

    @Test
    void alignmentHasToBeAUint32() {
        refused(plain().string("general.alignment", "32").build(), "general.alignment", "uint32");
    }

    @Test
    void nestedArrays() {
        byte[] nested = new byte[12 * 20_000];
        for (int i = 0; i < 20_000; i++) {
            le(12).putInt(9).putLong(1).flip().get(nested, 12 * i, 12);
        }
        refused(plain().raw("deep", 9, nested).build(), "\"deep\"", "limit of 8");
    }

    @Test
    void duplicates() {
        refused(plain().u32("a", 1).u32("a", 1).build(), "key \"a\" is there twice");
        refused(plain().tensor("a", 0, EIGHT, 8).tensor("a", 0, EIGHT, 8).build(), "tensor \"a\" is there twice");
    }

    @Test
    void overlapHoleAndRest() {
        byte[] a = {'a'};
        byte[] b = {'b'};
        refused(plain().tensor("a", 0, EIGHT, 8).info(b, 0, 0, 1, 8).build(), "overlaps");
        refused(plain().tensor("a", 0, EIGHT, 8).info(b, 0, 16, 1, 4).build(), "overlaps");
        refused(plain().tensor("a", 0, EIGHT, 8).info(b, 0, 64, 1, 8).build(), "leaves a hole");
        byte[] file = plain().tensor("a", 0, EIGHT, 8).build();
        refused(Arrays.copyOf(file, file.length + 64), "belong to no tensor");
    }

    @Test
    void names() {
        for (String name : List.of("", "x".repeat(2000), "../x", "/etc/passwd", "a\0b", "a\\b", "a\nb")) {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            refused(plain().info(bytes, 0, 0, 1, 8).build(), "name");
        }
        refused(plain().info(new byte[] {(byte) 0xC3, 0x28}, 0, 0, 1, 8).build(), "UTF-8");
        refused(plain().u32("", 1).build(), "empty name");
    }

    @Test
    void types() {
        byte[] a = {'a'};
        refused(plain().info(a, 99, 0, 1, 8).build(), "type 99", "Q4_K");
        refused(plain().info(a, 10, 0, 1, 256).build(), "type 10 (Q2_K)");
        refused(plain().info(a, 2, 0, 1, 8).build(), "rows of 8", "blocks of 32");
        refused(plain().raw("k", 13, new byte[8]).build(), "value type 13");
        refused(plain().raw("k", 7, new byte[] {2}).build(), "boolean");
        refused(plain().raw("k", 10, le(8).putLong(-1).array()).build(), "18446744073709551615");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 99, -1})
    void versions(int version) {
        refused(plain().version(version).build(), "version is " + Integer.toUnsignedString(version), "2 and 3");
    }

    @Test
    void saysWhatTheFileSeemsToBe() {
        refused(plain().version(Integer.reverseBytes(3)).build(), "big-endian");
        refused("<!DOCTYPE html><html>404".getBytes(StandardCharsets.UTF_8), "web page");
        refused("version https://git-lfs.github.com/spec/v1\noid".getBytes(StandardCharsets.UTF_8), "Git LFS");
        refused(new byte[] {'P', 'K', 3, 4, 0}, "zip");
        refused(new byte[0], "empty file");
        refused(new byte[100], "zeros");
        refused("Not found\n".getBytes(StandardCharsets.UTF_8), "begins with \"Not found\"");
    }

    @Test
    void randomlyChangedBytesGiveAnAnswer() {
        byte[] good = good(3);
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            byte[] file = good.clone();
            for (int change = random.nextInt(1, 5); change > 0; change--) {
                file[random.nextInt(change == 1 ? 32 : file.length)] = (byte) random.nextInt();
            }
            try {
                GgufHeader header = GgufHeader.read(MemorySegment.ofArray(file));
                assertThat(header.tensors()).allMatch(tensor -> tensor.end() <= file.length);
            } catch (FormatException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
    }
}
