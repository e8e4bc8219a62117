package org.bytedeco.mlx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.mlx.HeadersTest.floats;
import static org.bytedeco.mlx.global.mlx.*;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Java lambdas in MLX's transforms. */
class FunctionsTest {
    private static ArrayVector cube(ArrayVector x) {
        return new ArrayVector(multiply(x.get(0), multiply(x.get(0), x.get(0))));
    }

    private static array f(float... values) {
        return new array(values, new Shape(values.length));
    }

    @Test
    void vjpOfALambda() {
        ArrayVectorPair result = vjp(FunctionsTest::cube, new ArrayVector(f(2, 3)), new ArrayVector(f(1, 10)));
        assertThat(floats(result.first().get(0))).containsExactly(8, 27);
        assertThat(floats(result.second().get(0))).containsExactly(12, 270);
    }

    @Test
    void jvpOfALambda() {
        ArrayVectorPair result = jvp(FunctionsTest::cube, new ArrayVector(f(2)), new ArrayVector(f(0.5f)));
        assertThat(floats(result.second().get(0))).containsExactly(6);
    }

    @Test
    void valueAndGradOfBothArguments() {
        ValueAndGradFunction function = value_and_grad(x -> new ArrayVector(sum(multiply(x.get(0), x.get(1)))), 0, 1);
        ArrayVectorPair result = function.apply(new ArrayVector(f(1, 2), f(3, 4)));
        assertThat(result.first().get(0).item_float()).isEqualTo(11);
        assertThat(floats(result.second().get(0))).containsExactly(3, 4);
        assertThat(floats(result.second().get(1))).containsExactly(1, 2);
    }

    @Test
    void gradOfGrad() {
        ArraysFunction second = grad(grad(x -> new ArrayVector(sum(cube(x).get(0)))));
        assertThat(second.apply(new ArrayVector(new array(5f))).get(0).item_float())
                .isEqualTo(30);
    }

    @Test
    void vmapOverTheFirstAxis() {
        ArraysFunction rows = vmap(x -> new ArrayVector(sum(x.get(0))), new int[] {0}, new int[] {0});
        array matrix = new array(new float[] {1, 2, 3, 4, 5, 6}, new Shape(3, 2));
        assertThat(floats(rows.apply(new ArrayVector(matrix)).get(0))).containsExactly(3, 7, 11);
    }

    @Test
    void checkpointRunsTheFunctionAgain() {
        AtomicInteger runs = new AtomicInteger();
        ArraysFunction function = checkpoint(x -> {
            runs.incrementAndGet();
            return cube(x);
        });
        assertThat(floats(vjp(function, new ArrayVector(f(2)), new ArrayVector(f(1)))
                        .second()
                        .get(0)))
                .containsExactly(12);
        assertThat(runs.get()).isGreaterThan(1);
    }

    @Test
    void compiledLambdaIsTracedOnce() {
        AtomicInteger traces = new AtomicInteger();
        ArraysFunction function = compile(x -> {
            traces.incrementAndGet();
            return cube(x);
        });
        for (int i = 1; i < 5; i++) {
            assertThat(floats(function.apply(new ArrayVector(f(i, 1))).get(0))).containsExactly(i * i * i, 1);
        }
        assertThat(traces).hasValue(1);
    }

    @Test
    void customVjpReplacesTheGradient() {
        ArraysFunction function = custom_vjp(
                FunctionsTest::cube,
                (primals, cotangents, outputs) -> new ArrayVector(multiply(outputs.get(0), f(100))));
        assertThat(floats(vjp(function, new ArrayVector(f(2)), new ArrayVector(f(1)))
                        .second()
                        .get(0)))
                .containsExactly(800);
    }

    @Test
    void customFunctionReplacesJvpAndVmap() {
        ArraysFunction function = custom_function(
                FunctionsTest::cube,
                null,
                (primals, tangents, argnums) -> new ArrayVector(f(argnums.length)),
                (inputs, axes) -> new VmapFunction.Result(new ArrayVector(negative(inputs.get(0))), axes[0]));
        assertThat(floats(jvp(function, new ArrayVector(f(2)), new ArrayVector(f(9)))
                        .second()
                        .get(0)))
                .containsExactly(1);
        ArraysFunction batched = vmap(function, new int[] {0}, new int[] {0});
        assertThat(floats(batched.apply(new ArrayVector(f(1, 2))).get(0))).containsExactly(-1, -2);
    }

    @Test
    void exceptionOfALambdaComesBack() {
        assertThatThrownBy(() -> vjp(
                        x -> {
                            throw new IllegalStateException("no such layer: 7");
                        },
                        new ArrayVector(f(1)),
                        new ArrayVector(f(1))))
                .hasMessageContaining("no such layer: 7");
        assertThatThrownBy(() -> compile(x -> null).apply(new ArrayVector(f(1))))
                .hasMessageContaining("returned null");
    }

    @Test
    void lambdasAreForgottenWithTheirNativeFunction() {
        int before = kept_objects();
        for (int i = 0; i < 100; i++) {
            try (ArraysFunction function = function(FunctionsTest::cube)) {
                assertThat(function.apply(new ArrayVector(f(2))).size()).isEqualTo(1);
            }
        }
        assertThat(kept_objects()).isLessThanOrEqualTo(before);
    }

    @Test
    void memoryUnderAnArrayIsKept() {
        int before = kept_objects();
        FloatPointer data = new FloatPointer(1, 2, 3);
        array a = array_over(data, new Shape(3), float32());
        assertThat(floats(add(a, a))).containsExactly(2, 4, 6);
        a.close();
        assertThat(kept_objects()).isLessThanOrEqualTo(before + 1);
    }

    @Test
    void keywordFunctionIsExportedAndImported(@TempDir Path folder) {
        String file = folder.resolve("f.mlxfn").toString();
        KeywordFunction function = function(
                (ArrayVector args, ArrayMap kwargs) -> new ArrayVector(subtract(args.get(0), kwargs.get("bias"))));
        ArrayMap kwargs = new ArrayMap();
        kwargs.put("bias", f(1, 1));
        export_function(file, function, new ArrayVector(f(5, 6)), kwargs, false, "");
        kwargs.put("bias", f(2, 3));
        assertThat(floats(import_function(file)
                        .apply(new ArrayVector(f(5, 6)), kwargs)
                        .get(0)))
                .containsExactly(3, 3);
    }

    @Test
    void exporterKeepsTwoTraces(@TempDir Path folder) {
        String file = folder.resolve("f.mlxfn").toString();
        try (FunctionExporter exporter = exporter(file, function(FunctionsTest::cube), false, "")) {
            exporter.apply(new ArrayVector(f(1)));
            exporter.apply(new ArrayVector(f(1, 2)));
            exporter.close_file();
        }
        ImportedFunction function = import_function(file);
        assertThat(floats(function.apply(new ArrayVector(f(3))).get(0))).containsExactly(27);
        assertThat(floats(function.apply(new ArrayVector(f(1, 2))).get(0))).containsExactly(1, 8);
        assertThatThrownBy(() -> function.apply(new ArrayVector(f(1, 2, 3)))).isInstanceOf(RuntimeException.class);
    }

    @Test
    void exportListenerSeesEveryNode() {
        List<Map<String, String>> nodes = new ArrayList<>();
        export_function(nodes::add, FunctionsTest::cube, new ArrayVector(f(1)), false);
        assertThat(nodes).extracting(node -> node.get("type")).contains("inputs", "primitive", "outputs");
        assertThat(nodes)
                .filteredOn(node -> "Multiply".equals(node.get("name")))
                .hasSize(2);
    }

    @Test
    void kernelsSayThatTheirBackendIsMissing() {
        if (metal_is_available() || cuda_is_available()) {
            return; // then they would run
        }
        StringVector in = new StringVector("a");
        StringVector out = new StringVector("b");
        TemplateArgs template = new TemplateArgs();
        template.put_int("N", 4);
        template.put_bool("FAST", true);
        template.put_dtype("T", float32());
        assertThat(template.size()).isEqualTo(3);
        KernelFunction metal = metal_kernel("k", in, out, "b[0] = a[0];");
        assertThatThrownBy(() -> metal.apply(
                        new ArrayVector(f(1)),
                        new ShapeVector(new Shape(1)),
                        new DtypeVector(float32()),
                        new IntTriple(1, 1, 1),
                        new IntTriple(1, 1, 1),
                        template))
                .hasMessageContaining("No Metal back-end");
        assertThatThrownBy(() -> cuda_kernel("k", in, out, "b[0] = a[0];")).hasMessageContaining("cuda_kernel");
        ScalarArgs scalars = new ScalarArgs();
        scalars.add_bool(true);
        scalars.add_int(4);
        scalars.add_float(0.5f);
        assertThat(scalars.size()).isEqualTo(3);
        assertThatThrownBy(() -> precompiled_cuda_kernel(
                                "k",
                                "",
                                new ArrayVector(f(1)),
                                new ShapeVector(new Shape(1)),
                                new DtypeVector(float32()),
                                scalars,
                                new IntTriple(1, 1, 1),
                                new IntTriple(1, 1, 1))
                        .get(0)
                        .eval())
                .isInstanceOf(RuntimeException.class);
    }
}
