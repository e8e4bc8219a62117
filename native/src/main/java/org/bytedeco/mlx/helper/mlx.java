package org.bytedeco.mlx.helper;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.mlx.*;

/** What the global class {@code org.bytedeco.mlx.global.mlx} inherits from: functions that take or return Java's own types. */
public class mlx extends org.bytedeco.mlx.presets.mlx {

    public static String[] strings(StringVector vector) {
        String[] strings = new String[Math.toIntExact(vector.size())];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = vector.get(i);
        }
        return strings;
    }

    /** MLX's own text of a dtype, a device or a stream. */
    public static String describe(Described value) {
        return switch (value) {
            case Dtype dtype -> org.bytedeco.mlx.global.mlx.dtype_to_string(dtype);
            case Device device -> org.bytedeco.mlx.global.mlx.device_to_string(device);
            case Stream stream -> org.bytedeco.mlx.global.mlx.stream_to_string(stream);
            default -> value.getClass().getSimpleName();
        };
    }

    /** A native function that calls {@code function}; what it is given is kept as long as native code refers to it. */
    public static ArraysFunction function(ArrayFunction function) {
        return function instanceof ArraysFunction made ? made : new ArraysFunction(JavaObjects.keep(function));
    }

    /** A native function that calls {@code function}; what it is given is kept as long as native code refers to it. */
    public static KeywordFunction function(KeywordArrayFunction function) {
        return new KeywordFunction(JavaObjects.keep(function));
    }

    /** How many Java objects native code refers to, after forgetting those that it has dropped. */
    public static int kept_objects() {
        return JavaObjects.forgetReleased();
    }

    /**
     * An array over {@code data}, without a copy where the device can use the memory. The memory must not change while
     * MLX uses it; the pointer is kept as long.
     */
    public static array array_over(Pointer data, Shape shape, Dtype dtype) {
        return org.bytedeco.mlx.global.mlx.array_over_memory(data, shape, dtype, JavaObjects.keep(data));
    }

    public static ArrayVectorPair vjp(ArrayFunction function, ArrayVector primals, ArrayVector cotangents) {
        return org.bytedeco.mlx.global.mlx.vjp(function(function), primals, cotangents);
    }

    public static ArrayVectorPair jvp(ArrayFunction function, ArrayVector primals, ArrayVector tangents) {
        return org.bytedeco.mlx.global.mlx.jvp(function(function), primals, tangents);
    }

    /** A function that returns {@code function}'s values and the gradients of the first one; argument 0 if none is named. */
    public static ValueAndGradFunction value_and_grad(ArrayFunction function, int... argnums) {
        return org.bytedeco.mlx.global.mlx.value_and_grad(function(function), arguments(argnums));
    }

    /** The gradients of {@code function}'s first value; with respect to argument 0 if none is named. */
    public static ArraysFunction grad(ArrayFunction function, int... argnums) {
        return org.bytedeco.mlx.global.mlx.grad(function(function), arguments(argnums));
    }

    /** Both axes lists may be empty: axis 0 then. */
    public static ArraysFunction vmap(ArrayFunction function, int[] inAxes, int[] outAxes) {
        return org.bytedeco.mlx.global.mlx.vmap(function(function), new IntVector(inAxes), new IntVector(outAxes));
    }

    public static ArraysFunction checkpoint(ArrayFunction function) {
        return org.bytedeco.mlx.global.mlx.checkpoint(function(function));
    }

    public static ArraysFunction compile(ArrayFunction function) {
        return org.bytedeco.mlx.global.mlx.compile(function(function), false);
    }

    public static ArraysFunction compile(ArrayFunction function, boolean shapeless) {
        return org.bytedeco.mlx.global.mlx.compile(function(function), shapeless);
    }

    public static ArraysFunction custom_vjp(ArrayFunction function, VjpFunction vjp) {
        return custom_function(function, vjp, null, null);
    }

    /** {@code function} with transforms of its own; null leaves a transform to MLX. */
    public static ArraysFunction custom_function(
            ArrayFunction function, VjpFunction vjp, JvpFunction jvp, VmapFunction vmap) {
        return org.bytedeco.mlx.global.mlx.custom_function_numbers(
                function(function), number(vjp), number(jvp), number(vmap));
    }

    public static void export_function(
            String file, ArrayFunction function, ArrayVector args, boolean shapeless, String metadata) {
        org.bytedeco.mlx.global.mlx.export_function(file, function(function), args, shapeless, metadata);
    }

    /** Tells {@code listener} every node of the function's graph. */
    public static void export_function(
            ExportListener listener, ArrayFunction function, ArrayVector args, boolean shapeless) {
        org.bytedeco.mlx.global.mlx.export_function_to(JavaObjects.keep(listener), function(function), args, shapeless);
    }

    private static IntVector arguments(int... argnums) {
        return argnums.length == 0 ? new IntVector(new int[] {0}) : new IntVector(argnums);
    }

    private static long number(Object function) {
        return function == null ? -1 : JavaObjects.keep(function);
    }
}
