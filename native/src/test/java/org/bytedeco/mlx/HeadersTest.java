package org.bytedeco.mlx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.bytedeco.mlx.global.mlx.*;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** At least one function of every header that {@code mlx/mlx.h} includes, and of {@code graph_utils.h}. */
class HeadersTest {
    private static final Path INCLUDE = Path.of("target/mlx/include");
    private static final Pattern INCLUDED = Pattern.compile("#include \"(mlx/[^\"]+)\"");

    @TempDir
    Path folder;

    private interface Call {
        void run() throws Exception;
    }

    private Map<String, Call> calls() {
        Map<String, Call> calls = new TreeMap<>();
        calls.put("mlx/array.h", () -> {
            array a = new array(new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3));
            assertThat(a.shape().toArray()).containsExactly(2, 3);
            assertThat(a.strides().toArray()).containsExactly(3, 1);
            assertThat(a.nbytes()).isEqualTo(24);
        });
        calls.put(
                "mlx/backend/cuda/cuda.h",
                () -> assertThat(cuda_is_available()).isEqualTo(device_count(gpu()) > 0 && !metal_is_available()));
        calls.put(
                "mlx/backend/gpu/device_info.h",
                () -> assertThat(gpu_is_available()).isEqualTo(gpu_device_count() > 0));
        calls.put(
                "mlx/backend/metal/metal.h",
                () -> assertThat(metal_is_available())
                        .isEqualTo(System.getProperty("os.name").startsWith("Mac")));
        calls.put("mlx/compile.h", () -> {
            disable_compile();
            enable_compile();
            ArraysFunction doubled = compile(inputs -> new ArrayVector(add(inputs.get(0), inputs.get(0))));
            assertThat(doubled.apply(new ArrayVector(new array(21))).get(0).item_int())
                    .isEqualTo(42);
        });
        calls.put("mlx/device.h", () -> {
            assertThat(is_available(default_device())).isTrue();
            DeviceInfoMap info = device_info(default_device());
            assertThat(info.names())
                    .isNotEmpty()
                    .allSatisfy(name -> assertThat(info.get(name)).isNotNull());
        });
        calls.put("mlx/distributed/distributed.h", () -> {
            Group group = distributed_init(false, "any");
            assertThat(group.size()).isEqualTo(1);
            assertThat(group.rank()).isZero();
        });
        calls.put(
                "mlx/distributed/ops.h",
                () -> assertThat(all_sum(new array(3f)).item_float()).isEqualTo(3f));
        calls.put("mlx/einsum.h", () -> {
            array a = new array(new float[] {1, 2, 3}, new Shape(3));
            assertThat(einsum("i,i->", new ArrayVector(a, a)).item_float()).isEqualTo(14f);
            assertThat(einsum_path("ij,jk->ik", new ArrayVector(zeros(new Shape(2, 3)), zeros(new Shape(3, 4))))
                            .second())
                    .isNotEmpty();
        });
        calls.put("mlx/export.h", () -> {
            String file = folder.resolve("plus.mlxfn").toString();
            export_function(
                    file,
                    inputs -> new ArrayVector(add(inputs.get(0), new array(1f))),
                    new ArrayVector(new array(0f)),
                    false,
                    "about");
            ImportedFunction plus = import_function(file);
            assertThat(plus.apply(new ArrayVector(new array(41f))).get(0).item_float())
                    .isEqualTo(42f);
            assertThat(plus.metadata()).isEqualTo("about");
        });
        calls.put("mlx/fast.h", () -> {
            array x = new array(new float[] {3, 4}, new Shape(1, 2));
            float scale = (float) (1 / Math.sqrt(12.5));
            assertThat(floats(rms_norm(x, new ArrayOptional(), 0f)))
                    .containsExactly(new float[] {3 * scale, 4 * scale}, offset(1e-6f));
        });
        calls.put(
                "mlx/fft.h",
                () -> assertThat(floats(real(fft(new array(new float[] {1, 2, 3}, new Shape(3))))))
                        .containsExactly(new float[] {6, -1.5f, -1.5f}, offset(1e-5f)));
        calls.put("mlx/graph_utils.h", () -> {
            array sum = add(new array(1f), new array(2f));
            assertThat(print_graph(new NodeNamer(), new ArrayVector(sum))).contains("Add");
            assertThat(export_to_dot(new NodeNamer(), new ArrayVector(sum))).startsWith("digraph");
        });
        calls.put("mlx/io.h", () -> {
            String file = folder.resolve("a.npy").toString();
            save(file, new array(7));
            assertThat(load(file).item_int()).isEqualTo(7);
        });
        calls.put("mlx/linalg.h", () -> {
            StreamOrDevice cpu = new StreamOrDevice(new Device(cpu(), 0));
            array inverse = inv(new array(new float[] {2, 0, 0, 4}, new Shape(2, 2)), cpu);
            assertThat(floats(inverse)).containsExactly(new float[] {0.5f, 0f, 0f, 0.25f}, offset(1e-6f));
        });
        calls.put("mlx/memory.h", () -> {
            array a = zeros(new Shape(1000));
            a.eval();
            assertThat(get_active_memory()).isPositive();
            assertThat(get_array_buffer_size(new ArrayVector(a))).isGreaterThanOrEqualTo(4000);
        });
        calls.put(
                "mlx/ops.h",
                () -> assertThat(floats(matmul(
                                new array(new float[] {1, 2, 3, 4}, new Shape(2, 2)),
                                new array(new float[] {5, 6}, new Shape(2, 1)))))
                        .containsExactly(17, 39));
        calls.put("mlx/random.h", () -> {
            seed(0);
            assertThat(floats(uniform(new Shape(4))))
                    .containsExactly(0.8724143505f, 0.4430209994f, 0.2770805359f, 0.7865950465f);
        });
        calls.put("mlx/stream.h", () -> {
            org.bytedeco.mlx.Stream stream = new_stream(default_device());
            assertThat(add(new array(1f), new array(2f), new StreamOrDevice(stream))
                            .item_float())
                    .isEqualTo(3f);
            synchronize(stream);
            assertThat(get_streams().size()).isPositive();
        });
        calls.put("mlx/transforms.h", () -> {
            array lazy = add(new array(1f), new array(2f));
            assertThat(lazy.is_available()).isFalse();
            eval(new ArrayVector(lazy));
            assertThat(lazy.is_available()).isTrue();
            array later = add(lazy, lazy);
            async_eval(new ArrayVector(later));
            later._wait();
            assertThat(later.data_float().get()).isEqualTo(6f);
        });
        calls.put("mlx/utils.h", () -> {
            assertThat(result_type(new array(1), new array(1f)).val()).isEqualTo(Dtype.float32);
            assertThat(broadcast_shapes(new Shape(2, 1), new Shape(3)).toArray())
                    .containsExactly(2, 3);
            assertThat(new finfo(float16()).max()).isEqualTo(65504.0);
        });
        calls.put("mlx/version.h", () -> {
            String built = MLX_VERSION_MAJOR + "." + MLX_VERSION_MINOR + "." + MLX_VERSION_PATCH;
            assertThat(version().getString())
                    .isEqualTo(System.getProperty("mlx.version"))
                    .isEqualTo(built);
        });
        return calls;
    }

    @TestFactory
    Stream<DynamicTest> functionOf() {
        return calls().entrySet().stream()
                .map(call -> DynamicTest.dynamicTest(
                        call.getKey(), () -> call.getValue().run()));
    }

    @Test
    void tableListsWhatMlxIncludes() throws IOException {
        TreeSet<String> included = new TreeSet<>();
        INCLUDED.matcher(Files.readString(INCLUDE.resolve("mlx/mlx.h")))
                .results()
                .forEach(m -> included.add(m.group(1)));
        included.add("mlx/graph_utils.h");
        assertThat(calls().keySet()).isEqualTo(included);
        assertThat(included).hasSizeGreaterThan(20);
    }

    @Test
    void presetsParseWhatMlxIncludes() {
        Platform platform = org.bytedeco.mlx.presets.mlx.class.getAnnotation(Properties.class)
                .value()[0];
        assertThat(Arrays.asList(platform.include())).containsAll(calls().keySet());
    }

    static float[] floats(array a) {
        array flat = contiguous(astype(a, float32()));
        flat.eval();
        float[] values = new float[Math.toIntExact(flat.size())];
        flat.data_float().get(values);
        return values;
    }

    private static int cpu() {
        return 0;
    }

    private static int gpu() {
        return 1;
    }
}
