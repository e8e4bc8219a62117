package tinyllm.weights.format;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a GGUF file (version 2 or 3, little-endian) says of itself. The layout is ggml's {@code docs/gguf.md}, quoted beside the
 * lines that read it. Everything is checked before it is used; nothing is allocated because a count claims it.
 *
 * @param metadata typed values: Integer, Long, Float, Double, Boolean, String, or a List of them
 * @param tensors in the order of their data
 * @param dataOffset where tensor data begins
 */
public record GgufHeader(
        int version, int alignment, Map<String, Object> metadata, List<TensorEntry> tensors, long dataOffset) {
    private static final int MAGIC = 0x46554747; // "GGUF" read as a little-endian uint32
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int MAX_ALIGNMENT = 1 << 20;
    private static final int MAX_DIMS = 4; // GGML_MAX_DIMS
    private static final int MIN_KEY_VALUE = 8 + 4 + 1; // key length, value type, one byte
    private static final int MIN_TENSOR = 8 + 4 + 8 + 4 + 8; // name length, n_dimensions, one dimension, type, offset

    /**
     * Reads and checks the header.
     *
     * @param file the whole file's bytes
     * @throws FormatException naming field, value and limit, when anything is out of order
     */
    public static GgufHeader read(MemorySegment file) {
        GgufCursor in = new GgufCursor(file);
        if (!FileKind.isGguf(file)) {
            throw new FormatException("this is no GGUF file; it seems to be " + FileKind.guess(file));
        }
        in.u32("the magic");
        int version = version(in.u32("the version"));
        long tensorCount = in.count("tensor_count", MIN_TENSOR);
        long pairCount = in.count("metadata_kv_count", MIN_KEY_VALUE);
        Map<String, Object> metadata = metadata(in, pairCount);
        int alignment = alignment(metadata);
        List<Raw> raws = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (long i = 0; i < tensorCount; i++) {
            Raw raw = tensor(in, i);
            if (!names.add(raw.name)) {
                throw new FormatException("tensor \"" + raw.name + "\" is there twice");
            }
            raws.add(raw);
        }
        // padding to the next multiple of general.alignment, then tensor_data
        long dataOffset = align(in.position(), alignment);
        List<TensorEntry> tensors = layOut(raws, dataOffset, alignment, file.byteSize());
        return new GgufHeader(version, alignment, metadata, tensors, dataOffset);
    }

    /** The magic as it stands in a file, for tests and writers. */
    public static int magic() {
        return MAGIC;
    }

    private static int version(int version) {
        int swapped = Integer.reverseBytes(version);
        if (swapped == 2 || swapped == 3) {
            throw new FormatException("this is a big-endian GGUF file (version " + swapped
                    + "); only little-endian ones are read: convert it with the gguf package");
        }
        if (version != 2 && version != 3) {
            throw new FormatException(
                    "the GGUF version is " + Integer.toUnsignedString(version) + "; this library reads 2 and 3");
        }
        return version;
    }

    // metadata_kv: gguf_string_t key, uint32 value_type, value
    private static Map<String, Object> metadata(GgufCursor in, long count) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String key = in.string("metadata key " + i, 65535);
            Names.check("metadata key " + i, key, Names.LIMIT);
            long type = Integer.toUnsignedLong(in.u32("the value type of \"" + key + "\""));
            if (metadata.containsKey(key)) {
                throw new FormatException("metadata key \"" + key + "\" is there twice");
            }
            metadata.put(key, GgufValues.read(in, key, type, 0));
        }
        return Collections.unmodifiableMap(metadata);
    }

    // general.alignment: uint32, "must be a multiple of 8", a power of two in practice; 32 when absent
    private static int alignment(Map<String, Object> metadata) {
        Object value = metadata.getOrDefault("general.alignment", (long) DEFAULT_ALIGNMENT);
        if (!(value instanceof Long alignment)) {
            throw new FormatException("general.alignment has to be a uint32, not "
                    + value.getClass().getSimpleName());
        }
        if (alignment < 1 || alignment > MAX_ALIGNMENT || Long.bitCount(alignment) != 1) {
            throw new FormatException(
                    "general.alignment is " + alignment + "; it has to be a power of two up to " + MAX_ALIGNMENT);
        }
        return alignment.intValue();
    }

    // gguf_tensor_info_t: gguf_string_t name, uint32 n_dimensions, uint64 dimensions[], uint32 type, uint64 offset
    private static Raw tensor(GgufCursor in, long index) {
        String what = "tensor " + index;
        String name = in.string("the name of " + what, 65535);
        Names.check(what, name, Names.GGUF_TENSOR_LIMIT);
        long dims = Integer.toUnsignedLong(in.u32("n_dimensions of \"" + name + "\""));
        if (dims < 1 || dims > MAX_DIMS) {
            throw new FormatException(
                    "tensor \"" + name + "\" has " + dims + " dimensions; GGUF allows 1 to " + MAX_DIMS);
        }
        List<Integer> shape = new ArrayList<>();
        for (int d = 0; d < dims; d++) {
            // the file's first dimension is the contiguous one: ours is the last
            shape.addFirst(TensorEntry.checkedDim(name, in.u64("a dimension of \"" + name + "\"")));
        }
        ElementType type = ElementType.ofGguf(Integer.toUnsignedLong(in.u32("the type of \"" + name + "\"")), name);
        return new Raw(name, type, shape, in.u64("the offset of \"" + name + "\""));
    }

    /** Data follow one another, each padded to the alignment: no overlap, no hole, nothing past the end. */
    private static List<TensorEntry> layOut(List<Raw> raws, long dataOffset, int alignment, long fileSize) {
        List<Raw> sorted = new ArrayList<>(raws);
        sorted.sort(Comparator.comparing(Raw::offset, Long::compareUnsigned));
        List<TensorEntry> tensors = new ArrayList<>();
        long expected = 0;
        long end = dataOffset;
        for (Raw raw : sorted) {
            if (raw.offset != expected) {
                String why = Long.compareUnsigned(raw.offset, expected) < 0
                        ? "overlaps the tensor before it"
                        : "leaves a hole";
                throw new FormatException(
                        "tensor \"" + raw.name + "\" starts at offset " + Long.toUnsignedString(raw.offset)
                                + " of the data and " + why + "; " + expected + " was expected");
            }
            long bytes = TensorEntry.checkedBytes(raw.name, raw.type, raw.shape);
            if (bytes > fileSize - dataOffset - expected) {
                throw new FormatException("tensor \"" + raw.name + "\" needs " + bytes + " bytes at "
                        + (dataOffset + expected) + "; the file has " + fileSize + " (cut off?)");
            }
            tensors.add(new TensorEntry(raw.name, raw.type, raw.shape, dataOffset + expected, bytes));
            end = dataOffset + expected + bytes;
            expected = align(expected + bytes, alignment);
        }
        if (fileSize > align(end, alignment)) {
            throw new FormatException("the last tensor ends at " + end + " and the file at " + fileSize + ": "
                    + (fileSize - end) + " bytes belong to no tensor");
        }
        return List.copyOf(tensors);
    }

    private static long align(long position, int alignment) {
        return Math.addExact(position, (long) (alignment - 1)) & -alignment;
    }

    private record Raw(String name, ElementType type, List<Integer> shape, long offset) {}
}
