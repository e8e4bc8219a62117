package tinyllm.weights.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads little-endian values from a file's bytes and knows how many are left. */
final class GgufCursor {
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment file;
    private long position;

    GgufCursor(MemorySegment file) {
        this.file = file;
    }

    long position() {
        return position;
    }

    long remaining() {
        return file.byteSize() - position;
    }

    byte u8(String what) {
        return file.get(ValueLayout.JAVA_BYTE, advance(1, what));
    }

    short u16(String what) {
        return file.get(U16, advance(2, what));
    }

    int u32(String what) {
        return file.get(U32, advance(4, what));
    }

    long u64(String what) {
        return file.get(U64, advance(8, what));
    }

    /** A count of things that take at least {@code minimum} bytes each: it can't claim more than the file has left. */
    long count(String what, int minimum) {
        long count = u64(what);
        long limit = remaining() / minimum;
        if (count < 0 || count > limit) {
            throw new FormatException(what + " is " + Long.toUnsignedString(count) + "; the " + remaining()
                    + " bytes left have room for " + limit + " at most");
        }
        return count;
    }

    /** gguf_string_t: uint64 length, then that many bytes of UTF-8. */
    String string(String what, int limit) {
        long length = u64(what);
        if (length < 0 || length > remaining()) {
            throw new FormatException("the length of " + what + " is " + Long.toUnsignedString(length) + "; the "
                    + remaining() + " bytes left have room for " + remaining() + " at most");
        }
        if (length > limit) {
            throw new FormatException(what + " is " + length + " bytes long; the limit is " + limit);
        }
        return Names.utf8(bytes(length, what), what);
    }

    byte[] bytes(long length, String what) {
        long at = advance(length, what);
        byte[] bytes = new byte[Math.toIntExact(length)];
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, at, bytes, 0, bytes.length);
        return bytes;
    }

    private long advance(long bytes, String what) {
        if (bytes > remaining()) {
            throw new FormatException("the file ends inside " + what + ": " + bytes + " bytes needed at " + position
                    + ", " + remaining() + " left (cut off?)");
        }
        long at = position;
        position += bytes;
        return at;
    }
}
