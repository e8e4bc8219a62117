package tinyllm.weights.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.RandomAccess;

/** Typed metadata values of a GGUF file, as plain Java objects. */
final class GgufValues {
    static final int MAX_DEPTH = 8;
    private static final int STRING_LIMIT = 1 << 26;
    // gguf_metadata_value_type
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};

    private GgufValues() {}

    /** u8…i32 are Integers (u32 and 64-bit ones Longs), f32 a Float, f64 a Double, an array a List. */
    static Object read(GgufCursor in, String key, long type, int depth) {
        if (type == STRING) {
            return in.string("the value of \"" + key + "\"", STRING_LIMIT);
        }
        if (type == ARRAY) {
            return array(in, key, depth);
        }
        int size = size(type, key);
        byte[] bytes = in.bytes(size, "the value of \"" + key + "\"");
        return number(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), 0, (int) type, key);
    }

    // array: uint32 element type, uint64 length, then the elements
    private static List<?> array(GgufCursor in, String key, int depth) {
        if (depth >= MAX_DEPTH) {
            throw new FormatException("\"" + key + "\" nests arrays deeper than the limit of " + MAX_DEPTH);
        }
        long type = Integer.toUnsignedLong(in.u32("the element type of \"" + key + "\""));
        int size = type == STRING ? 8 : size(type, key);
        long count = in.count("the length of the array \"" + key + "\"", size);
        if (type != STRING && type != ARRAY) {
            return numbers(in, key, (int) type, count, size);
        }
        if (count > Integer.MAX_VALUE - 8) {
            throw new FormatException("the array \"" + key + "\" has " + count + " elements; the limit is 2147483639");
        }
        List<Object> values = new ArrayList<>((int) Math.min(count, 1024));
        String what = "a string of \"" + key + "\"";
        for (long i = 0; i < count; i++) {
            values.add(type == STRING ? in.string(what, STRING_LIMIT) : array(in, key, depth + 1));
        }
        return Collections.unmodifiableList(values);
    }

    private static List<Object> numbers(GgufCursor in, String key, int type, long count, int size) {
        if (count * size > Integer.MAX_VALUE - 8) {
            throw new FormatException(
                    "the array \"" + key + "\" takes " + count * size + " bytes; the limit is 2147483639");
        }
        byte[] bytes = in.bytes(count * size, "the array \"" + key + "\"");
        NumberList list = new NumberList(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), type, size, key);
        if (type == BOOL || type == 10) {
            for (int i = 0; i < list.size(); i++) {
                list.get(i); // refuses what no boolean or long can hold
            }
        }
        return list;
    }

    private static int size(long type, String key) {
        if (type < 0 || type >= SIZES.length) {
            throw new FormatException("\"" + key + "\" has the value type " + type + "; GGUF knows 0 to 12");
        }
        return SIZES[(int) type];
    }

    private static Object number(ByteBuffer in, int at, int type, String key) {
        return switch (type) {
            case 0 -> Byte.toUnsignedInt(in.get(at));
            case 1 -> (int) in.get(at);
            case 2 -> Short.toUnsignedInt(in.getShort(at));
            case 3 -> (int) in.getShort(at);
            case 4 -> Integer.toUnsignedLong(in.getInt(at));
            case 5 -> in.getInt(at);
            case 6 -> in.getFloat(at);
            case BOOL -> bool(in.get(at), key);
            case 10 -> unsigned(in.getLong(at), key);
            case 11 -> in.getLong(at);
            case 12 -> in.getDouble(at);
            default -> throw new FormatException("\"" + key + "\" has the value type " + type);
        };
    }

    private static boolean bool(byte value, String key) {
        if (value != 0 && value != 1) {
            throw new FormatException("\"" + key + "\" is a boolean with the value " + value + "; only 0 and 1 are");
        }
        return value == 1;
    }

    private static long unsigned(long value, String key) {
        if (value < 0) {
            throw new FormatException(
                    "\"" + key + "\" is " + Long.toUnsignedString(value) + "; the limit is " + Long.MAX_VALUE);
        }
        return value;
    }

    /** Numbers kept as the file's bytes: an array takes the memory that it takes on disk. */
    private static final class NumberList extends AbstractList<Object> implements RandomAccess {
        private final ByteBuffer data;
        private final int type;
        private final int size;
        private final String key;

        NumberList(ByteBuffer data, int type, int size, String key) {
            this.data = data;
            this.type = type;
            this.size = size;
            this.key = key;
        }

        @Override
        public Object get(int index) {
            java.util.Objects.checkIndex(index, size());
            return number(data, index * size, type, key);
        }

        @Override
        public int size() {
            return data.capacity() / size;
        }
    }
}
