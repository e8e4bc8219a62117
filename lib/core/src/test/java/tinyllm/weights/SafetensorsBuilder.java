package tinyllm.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import tinyllm.weights.format.GgufBuilder;

/** Writes safetensors files for tests. */
final class SafetensorsBuilder {
    private final StringBuilder json = new StringBuilder("{");
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    SafetensorsBuilder tensor(String name, String dtype, byte[] bytes, int... shape) {
        json.append(json.length() == 1 ? "" : ",")
                .append("\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                        .formatted(name, dtype, Arrays.toString(shape), data.size(), data.size() + bytes.length));
        data.writeBytes(bytes);
        return this;
    }

    SafetensorsBuilder floats(String name, float[] values, int... shape) {
        return tensor(name, "F32", GgufBuilder.floats(values), shape);
    }

    /** Zeros of the right length. */
    SafetensorsBuilder zeros(String name, String dtype, int bytesEach, int... shape) {
        return tensor(name, dtype, new byte[(int) WeightSource.product(shape) * bytesEach], shape);
    }

    Path write(Path file) throws IOException {
        byte[] header = (json + "}").getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(GgufBuilder.le(8).putLong(header.length).array());
        out.writeBytes(header);
        out.writeBytes(data.toByteArray());
        return Files.write(file, out.toByteArray());
    }
}
