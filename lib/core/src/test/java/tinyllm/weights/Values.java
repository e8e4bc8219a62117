package tinyllm.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import tinyllm.tensor.DType;

/** Reads a checkpoint's values without a native library. */
final class Values {
    private Values() {}

    static float[] floats(Checkpoint checkpoint, String name) {
        try (Arena arena = Arena.ofShared()) {
            return ((FileCheckpoint) checkpoint).read(name, DType.F32, arena).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    static short[] halves(Checkpoint checkpoint, String name, DType dtype) {
        try (Arena arena = Arena.ofShared()) {
            return ((FileCheckpoint) checkpoint).read(name, dtype, arena).toArray(ValueLayout.JAVA_SHORT);
        }
    }

    static byte[] bytes(Checkpoint checkpoint, String name, DType dtype) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment bytes = ((FileCheckpoint) checkpoint).read(name, dtype, arena);
            return bytes.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    static Path resource(String name) {
        try {
            return Path.of(
                    Objects.requireNonNull(Values.class.getResource("/" + name)).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
