package tinyllm.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;
import tools.jackson.databind.ObjectMapper;

/**
 * Writes calls with what the host run gave for {@code metal/cuda/run.py}, into the folder that the variable TINYLLM_CUDA_EXPORT names; a
 * folder for each call.
 */
final class CudaExport {
    private static final @Nullable String FOLDER = System.getenv("TINYLLM_CUDA_EXPORT");
    private static final AtomicInteger CALLS = new AtomicInteger();

    private CudaExport() {}

    static void write(KernelCall call, List<Tensor> results, double tolerance) {
        if (FOLDER == null || call.launch().initial() != null) {
            return;
        }
        try {
            String name = "%03d-%s"
                    .formatted(CALLS.getAndIncrement(), call.kernel().source().name());
            write(Files.createDirectories(Path.of(FOLDER, name)), call, results, tolerance);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path folder, KernelCall call, List<Tensor> results, double tolerance) throws IOException {
        Files.writeString(folder.resolve("kernel.cu"), CudaProgram.of(call));
        Tensor[] values = call.inputs().toArray(new Tensor[0]);
        KernelSignature signature = call.kernel().signature(call.launch(), values);
        List<Object> inputs = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            inputs.add(input(folder, i, signature.inputs().get(i), values[i]));
        }
        List<Object> outputs = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            String file = "out" + i;
            Files.write(folder.resolve(file), TensorBytes.of(results.get(i)));
            outputs.add(Map.of("file", file, "dtype", results.get(i).dtype().name()));
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("inputs", inputs);
        all.put("outputs", outputs);
        all.put("grid", call.launch().grid());
        all.put("group", call.launch().group());
        all.put("tolerance", tolerance);
        Files.write(folder.resolve("call.json"), new ObjectMapper().writeValueAsBytes(all));
    }

    private static Map<String, Object> input(Path folder, int index, KernelSignature.Parameter p, Tensor value)
            throws IOException {
        String file = "in" + index;
        Files.write(folder.resolve(file), TensorBytes.of(value));
        Map<String, Object> item = new LinkedHashMap<>(Map.of("file", file));
        if (p.shaped()) {
            item.put("shape", p.shape());
        }
        if (p.strided()) {
            long[] strides = new long[p.shape().length];
            Arrays.fill(strides, 1);
            for (int i = strides.length - 2; i >= 0; i--) {
                strides[i] = strides[i + 1] * p.shape()[i + 1];
            }
            item.put("strides", strides);
        }
        if (p.ranked()) {
            item.put("ndim", p.shape().length);
        }
        return item;
    }
}
