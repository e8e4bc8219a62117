package tinyllm.weights.format;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes GGUF files for tests, good ones and, because every count and offset can be set, bad ones. */
public final class GgufBuilder {
    private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
    private final ByteArrayOutputStream infos = new ByteArrayOutputStream();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private int version = 3;
    private int alignment = 32;
    private long pairCount;
    private long tensorCount;

    public GgufBuilder version(int version) {
        this.version = version;
        return this;
    }

    public GgufBuilder string(String key, String value) {
        return raw(key, 8, prefixed(value.getBytes(StandardCharsets.UTF_8)));
    }

    public GgufBuilder u32(String key, long value) {
        return raw(key, 4, le(4).putInt((int) value).array());
    }

    public GgufBuilder f32(String key, float value) {
        return raw(key, 6, le(4).putFloat(value).array());
    }

    public GgufBuilder alignment(int alignment) {
        this.alignment = alignment;
        return u32("general.alignment", alignment);
    }

    public GgufBuilder strings(String key, String... values) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(le(12).putInt(8).putLong(values.length).array());
        for (String value : values) {
            out.writeBytes(prefixed(value.getBytes(StandardCharsets.UTF_8)));
        }
        return raw(key, 9, out.toByteArray());
    }

    public GgufBuilder raw(String key, int type, byte[] value) {
        pairs.writeBytes(prefixed(key.getBytes(StandardCharsets.UTF_8)));
        pairs.writeBytes(le(4).putInt(type).array());
        pairs.writeBytes(value);
        pairCount++;
        return this;
    }

    /** A tensor with its data; dims row-major. */
    public GgufBuilder tensor(String name, int type, byte[] values, long... dims) {
        info(name.getBytes(StandardCharsets.UTF_8), type, data.size(), dims.length, dims);
        data.writeBytes(values);
        while (data.size() % alignment != 0) {
            data.write(0);
        }
        return this;
    }

    /** A tensor's description alone. */
    public GgufBuilder info(byte[] name, int type, long offset, int dimCount, long... dims) {
        infos.writeBytes(prefixed(name));
        infos.writeBytes(le(4).putInt(dimCount).array());
        for (int d = dims.length - 1; d >= 0; d--) {
            infos.writeBytes(le(8).putLong(dims[d]).array());
        }
        infos.writeBytes(le(12).putInt(type).putLong(offset).array());
        tensorCount++;
        return this;
    }

    public byte[] build() {
        return build(tensorCount, pairCount);
    }

    public byte[] build(long claimedTensors, long claimedPairs) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(le(20).putInt(version)
                .putLong(claimedTensors)
                .putLong(claimedPairs)
                .array());
        out.writeBytes(pairs.toByteArray());
        out.writeBytes(infos.toByteArray());
        while (out.size() % alignment != 0) {
            out.write(0);
        }
        out.writeBytes(data.toByteArray());
        return out.toByteArray();
    }

    public static GgufHeader read(byte[] file) {
        return GgufHeader.read(MemorySegment.ofArray(file));
    }

    public static ByteBuffer le(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    public static byte[] floats(float... values) {
        ByteBuffer out = le(4 * values.length);
        out.asFloatBuffer().put(values);
        return out.array();
    }

    private static byte[] prefixed(byte[] text) {
        return le(8 + text.length).putLong(text.length).put(text).array();
    }
}
