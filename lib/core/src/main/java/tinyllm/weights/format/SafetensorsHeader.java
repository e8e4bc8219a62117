package tinyllm.weights.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;

/**
 * What a safetensors file says of itself: 8 bytes of header length N, N bytes of JSON, then the data, which the tensors cover
 * exactly (no overlap, no hole, nothing left over).
 *
 * @param metadata the strings under {@code __metadata__}
 * @param tensors in the order of their data
 * @param dataOffset where tensor data begins
 */
public record SafetensorsHeader(Map<String, String> metadata, List<TensorEntry> tensors, long dataOffset) {
    private static final long MAX_HEADER = 100_000_000; // the reference reader's limit
    private static final int MAX_DIMS = 8;
    private static final Set<String> FIELDS = Set.of("dtype", "shape", "data_offsets");
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Reads and checks the header.
     *
     * @param file the whole file's bytes
     * @throws FormatException naming field, value and limit, when anything is out of order
     */
    public static SafetensorsHeader read(MemorySegment file) {
        ReferenceUse.note("1.5 header");
        if (file.byteSize() < 10) {
            throw new FormatException("a safetensors file has at least 10 bytes, this one " + file.byteSize()
                    + "; it seems to be " + FileKind.guess(file));
        }
        // "8 bytes: N, an unsigned little-endian 64-bit integer, containing the size of the header"
        long length = file.get(U64, 0);
        long limit = Math.min(MAX_HEADER, file.byteSize() - 8);
        // "The header data MUST begin with a { character (0x7B)"
        if (length < 2 || length > limit || file.get(ValueLayout.JAVA_BYTE, 8) != '{') {
            throw new FormatException("the header's length is " + Long.toUnsignedString(length) + " and the limit "
                    + limit + " (or the header is no JSON object); the file seems to be " + FileKind.guess(file));
        }
        // "The header data MAY be trailing padded with whitespace (0x20)"
        Map<String, Object> json =
                StrictJson.object(file.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE), "the safetensors header");
        List<TensorEntry> tensors = new ArrayList<>();
        json.forEach((name, value) -> {
            if (!name.equals("__metadata__")) {
                tensors.add(tensor(name, value, 8 + length, file.byteSize()));
            }
        });
        checkCover(tensors, 8 + length, file.byteSize());
        return new SafetensorsHeader(metadata(json.get("__metadata__")), List.copyOf(tensors), 8 + length);
    }

    // "Special key __metadata__ is allowed to contain free form text-to-text map. Arbitrary JSON is not allowed"
    private static Map<String, String> metadata(@Nullable Object value) {
        Map<String, String> strings = new LinkedHashMap<>();
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw new FormatException("__metadata__ has to be an object of strings");
        }
        map.forEach((key, text) -> {
            if (!(text instanceof String string)) {
                throw new FormatException(
                        "__metadata__ \"" + Names.shown(String.valueOf(key)) + "\" has to be a string");
            }
            strings.put((String) key, string);
        });
        return Map.copyOf(strings);
    }

    // "TENSOR_NAME": {"dtype": "F16", "shape": [1, 16, 256], "data_offsets": [BEGIN, END]}
    private static TensorEntry tensor(String name, @Nullable Object value, long dataOffset, long fileSize) {
        Names.check("a tensor", name, Names.LIMIT);
        if (!(value instanceof Map<?, ?> fields) || !fields.keySet().equals(FIELDS)) {
            throw new FormatException("tensor \"" + name + "\" has to be an object with dtype, shape and data_offsets");
        }
        if (!(fields.get("dtype") instanceof String dtype)) {
            throw new FormatException("the dtype of tensor \"" + name + "\" has to be a string");
        }
        ElementType type = ElementType.ofSafetensors(dtype, name);
        List<Integer> shape = shape(name, fields.get("shape"));
        long dataSize = fileSize - dataOffset;
        // "offsets relative to the beginning of the byte buffer"
        if (!(fields.get("data_offsets") instanceof List<?> offsets) || offsets.size() != 2) {
            throw new FormatException("data_offsets of tensor \"" + name + "\" has to be two numbers");
        }
        long begin = offset(name, offsets.get(0), dataSize);
        long end = offset(name, offsets.get(1), dataSize);
        long bytes = TensorEntry.checkedBytes(name, type, shape);
        if (end - begin != bytes) {
            throw new FormatException("tensor \"" + name + "\" of shape " + shape + " and dtype " + type + " takes "
                    + bytes + " bytes; its data_offsets [" + begin + ", " + end + "] span " + (end - begin));
        }
        return new TensorEntry(name, type, shape, dataOffset + begin, bytes);
    }

    private static List<Integer> shape(String name, @Nullable Object value) {
        if (!(value instanceof List<?> dims) || dims.size() > MAX_DIMS) {
            throw new FormatException(
                    "the shape of tensor \"" + name + "\" has to be a list of at most " + MAX_DIMS + " whole numbers");
        }
        List<Integer> shape = new ArrayList<>();
        for (Object dim : dims) {
            shape.add(TensorEntry.checkedDim(name, whole("a dimension of tensor \"" + name + "\"", dim)));
        }
        return shape;
    }

    private static long offset(String name, @Nullable Object value, long dataSize) {
        long offset = whole("an offset of tensor \"" + name + "\"", value);
        if (offset < 0 || offset > dataSize) {
            throw new FormatException("an offset of tensor \"" + name + "\" is " + offset + "; the file has " + dataSize
                    + " bytes of data (cut off?)");
        }
        return offset;
    }

    private static long whole(String what, @Nullable Object value) {
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        throw new FormatException(
                what + " is " + Names.shown(String.valueOf(value)) + "; it has to be a whole number below 2^63");
    }

    // "the byte buffer needs to be entirely indexed, and cannot contain holes"
    private static void checkCover(List<TensorEntry> tensors, long dataOffset, long fileSize) {
        tensors.sort(Comparator.comparingLong(TensorEntry::offset));
        long expected = dataOffset;
        for (TensorEntry tensor : tensors) {
            if (tensor.offset() != expected) {
                throw new FormatException("tensor \"" + tensor.name() + "\" starts at byte " + tensor.offset() + " and "
                        + (tensor.offset() < expected ? "overlaps the tensor before it" : "leaves a hole") + "; "
                        + expected
                        + " was expected");
            }
            expected = tensor.end();
        }
        if (expected != fileSize) {
            throw new FormatException("the tensors end at byte " + expected + " and the file at " + fileSize
                    + ": they have to cover it exactly (cut off?)");
        }
    }
}
