package tinyllm.weights.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tinyllm.weights.format.GgufBuilder.le;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {

    static byte[] file(String json, int dataBytes) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        return le(8 + text.length + dataBytes).putLong(text.length).put(text).array();
    }

    private static SafetensorsHeader read(byte[] file) {
        return SafetensorsHeader.read(MemorySegment.ofArray(file));
    }

    private static void refused(byte[] file, String... parts) {
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(FormatException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    private static void tensorRefused(String fields, int dataBytes, String... parts) {
        refused(file("{\"a\":{" + fields + "}}", dataBytes), parts);
    }

    static byte[] good() {
        StringBuilder json = new StringBuilder("{\"__metadata__\":{\"format\":\"mlx\"}");
        for (int i = 0; i < 40; i++) {
            json.append(",\"model.layers.%d.weight\":{\"dtype\":\"F16\",\"shape\":[2,4],\"data_offsets\":[%d,%d]}"
                    .formatted(i, 16 * i, 16 * i + 16));
        }
        return file(json + "}   ", 640);
    }

    @Test
    void readsWhatWasWritten() {
        SafetensorsHeader header = read(good());
        assertThat(header.metadata()).containsEntry("format", "mlx");
        assertThat(header.tensors()).hasSize(40);
        assertThat(header.tensors().get(3))
                .isEqualTo(new TensorEntry(
                        "model.layers.3.weight",
                        ElementType.F16,
                        java.util.List.of(2, 4),
                        header.dataOffset() + 48,
                        16));
    }

    @Test
    void everyPrefixIsRefused() {
        byte[] file = good();
        assertThat(read(file).dataOffset()).isBetween(2000L, 8000L);
        for (int length = 0; length < file.length; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> read(cut)).as("cut at %d", length).isInstanceOf(FormatException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE, -1, 200_000_000})
    void headerLength(long length) {
        byte[] file = good();
        le(8).putLong(0, length).get(0, file, 0, 8);
        assertThat(Allocations.during(() -> refused(file, Long.toUnsignedString(length))))
                .isLessThan(1 << 20);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[-2,-2]",
                "[2.5]",
                "[4294967298]",
                "[0]",
                "[65536,65536,65536,65536]",
                "[1e0]",
                "[\"4\"]",
                "4",
                "[[4]]",
                "[null]",
                "[99999999999999999999]",
                "[1,1,1,1,1,1,1,1,4]"
            })
    void shapes(String shape) {
        tensorRefused("\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[0,16]", 16, "tensor \"a\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[0,17]",
                "[16,0]",
                "[-16,0]",
                "[9223372036854775807,9223372036854775807]",
                "[0]",
                "[0,18446744073709551616]",
                "[0.0,16]",
                "[0,12]",
                "null"
            })
    void offsets(String offsets) {
        tensorRefused("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":" + offsets, 16, "\"a\"");
    }

    @Test
    void exactCover() {
        String two = "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[%d,%d]}}";
        assertThat(read(file(two.formatted(4, 8), 8)).tensors()).hasSize(2);
        refused(file(two.formatted(2, 6), 6), "overlaps");
        refused(file(two.formatted(0, 4), 4), "overlaps");
        refused(file(two.formatted(6, 10), 10), "hole");
        refused(file(two.formatted(4, 8), 12), "cover it exactly");
    }

    @Test
    void fields() {
        tensorRefused("\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]", 4, "F8_E4M3", "BF16");
        tensorRefused("\"dtype\":7,\"shape\":[4],\"data_offsets\":[0,4]", 4, "dtype");
        tensorRefused("\"shape\":[4],\"data_offsets\":[0,4]", 4, "dtype, shape and data_offsets");
        tensorRefused("\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4],\"class\":\"x\"", 4, "data_offsets");
        refused(file("{\"a\":4}", 0), "object with dtype");
        refused(file("{\"__metadata__\":{\"a\":1}}", 0), "__metadata__", "string");
        refused(file("{\"__metadata__\":[]}", 0), "__metadata__");
    }

    @Test
    void json() {
        String tensor = "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}";
        refused(file("{" + tensor + "," + tensor + "}", 4), "JSON", "Duplicate");
        refused(file("{" + tensor + "} {}", 4), "goes on");
        refused(file("{" + tensor, 4), "JSON");
        refused(file("{\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}", 0), "JSON", "depth");
        byte[] bad = file("{" + tensor + "}", 4);
        bad[10] = (byte) 0xFF;
        refused(bad, "UTF-8");
    }

    @Test
    void names() {
        for (String name : new String[] {"", "../x", "/x", "a\\u0000b", "x".repeat(2000), "a\\\\b"}) {
            refused(file("{\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4), "name");
        }
    }

    @Test
    void saysWhatTheFileSeemsToBe() {
        refused("<html><body>Not found</body></html>".getBytes(StandardCharsets.UTF_8), "web page");
        refused("version https://git-lfs.github.com/spec/v1".getBytes(StandardCharsets.UTF_8), "Git LFS");
        refused(new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0, 0, 0, 0, 0}, "zip");
        refused(new byte[4], "zeros");
    }

    @Test
    void randomlyChangedBytesGiveAnAnswer() {
        byte[] good = good();
        Random random = new Random(8);
        for (int i = 0; i < 10_000; i++) {
            byte[] file = good.clone();
            for (int change = random.nextInt(1, 4); change > 0; change--) {
                int at = random.nextInt(file.length - 640);
                file[at] = at < 8 ? (byte) random.nextInt() : (byte) random.nextInt(32, 127);
            }
            try {
                assertThat(read(file).tensors()).allMatch(tensor -> tensor.end() <= file.length);
            } catch (FormatException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
    }
}
