package tinyllm.weights.format;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a file stores a tensor's elements: {@code blockElements} elements in {@code blockBytes} bytes. Plain types have blocks of one.
 * The GGUF number is ggml's {@code ggml_type}, −1 where GGUF has none.
 */
public enum ElementType {
    F32(0, 1, 4, "F32"),
    F16(1, 1, 2, "F16"),
    Q4_0(2, 32, 18, null),
    Q4_1(3, 32, 20, null),
    Q5_0(6, 32, 22, null),
    Q5_1(7, 32, 24, null),
    Q8_0(8, 32, 34, null),
    Q4_K(12, 256, 144, null),
    Q5_K(13, 256, 176, null),
    Q6_K(14, 256, 210, null),
    I8(24, 1, 1, "I8"),
    I16(25, 1, 2, "I16"),
    I32(26, 1, 4, "I32"),
    I64(27, 1, 8, "I64"),
    F64(28, 1, 8, "F64"),
    BF16(30, 1, 2, "BF16"),
    BOOL(-1, 1, 1, "BOOL"),
    U8(-1, 1, 1, "U8"),
    U16(-1, 1, 2, "U16"),
    U32(-1, 1, 4, "U32"),
    U64(-1, 1, 8, "U64");

    /** ggml's names of the types that exist but that this library does not read, by number. */
    private static final String[] UNREAD = {
        "",
        "",
        "",
        "",
        "Q4_2",
        "Q4_3",
        "",
        "",
        "",
        "Q8_1",
        "Q2_K",
        "Q3_K",
        "",
        "",
        "",
        "Q8_K",
        "IQ2_XXS",
        "IQ2_XS",
        "IQ3_XXS",
        "IQ1_S",
        "IQ4_NL",
        "IQ3_S",
        "IQ2_S",
        "IQ4_XS",
        "",
        "",
        "",
        "",
        "",
        "IQ1_M",
        "",
        "Q4_0_4_4",
        "Q4_0_4_8",
        "Q4_0_8_8",
        "TQ1_0",
        "TQ2_0",
        "",
        "",
        "",
        "MXFP4"
    };

    private final int ggufId;
    private final int blockElements;
    private final int blockBytes;
    private final @Nullable String safetensorsName;

    ElementType(int ggufId, int blockElements, int blockBytes, @Nullable String safetensorsName) {
        this.ggufId = ggufId;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
        this.safetensorsName = safetensorsName;
    }

    public int blockElements() {
        return blockElements;
    }

    public int blockBytes() {
        return blockBytes;
    }

    /** true for a type whose elements are real numbers, quantized or not. */
    public boolean isReal() {
        return blockElements > 1 || this == F32 || this == F16 || this == BF16 || this == F64;
    }

    /** Bytes of {@code elements} elements, a multiple of the block. */
    public long bytes(long elements) {
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }

    static ElementType ofGguf(long id, String tensor) {
        for (ElementType type : values()) {
            if (id >= 0 && type.ggufId == id) {
                return type;
            }
        }
        boolean known = id >= 0 && id < UNREAD.length && !UNREAD[(int) id].isEmpty();
        throw new FormatException(
                "tensor \"" + tensor + "\" has type " + id + (known ? " (" + UNREAD[(int) id] + ")" : "")
                        + ", which this library does not read; it reads "
                        + Arrays.stream(values())
                                .filter(type -> type.ggufId >= 0)
                                .map(Enum::name)
                                .collect(Collectors.joining(", ")));
    }

    static ElementType ofSafetensors(String name, String tensor) {
        for (ElementType type : values()) {
            if (name.equals(type.safetensorsName)) {
                return type;
            }
        }
        throw new FormatException("tensor \"" + tensor + "\" has dtype \"" + Names.shown(name)
                + "\", which this library does not read; it reads "
                + Arrays.stream(values())
                        .filter(type -> type.safetensorsName != null)
                        .map(Enum::name)
                        .collect(Collectors.joining(", ")));
    }
}
