package tinyllm.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.CompileOptions;
import org.bytedeco.mlx.DtypeVector;
import org.bytedeco.mlx.FloatOptional;
import org.bytedeco.mlx.IntTriple;
import org.bytedeco.mlx.KernelFunction;
import org.bytedeco.mlx.Shape;
import org.bytedeco.mlx.ShapeVector;
import org.bytedeco.mlx.StringVector;
import org.bytedeco.mlx.TemplateArgs;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;
import org.jspecify.annotations.Nullable;

/** Kernels that MLX compiles while the program runs, on Metal or CUDA. */
public final class GpuKernels {
    private GpuKernels() {}

    /**
     * A kernel and how it is started.
     *
     * @param header what stands before the kernel function
     * @param template an Integer, a Boolean or a {@link DType} by name
     * @param initial what the outputs hold at the start, or null
     */
    public record Request(
            String name,
            String header,
            String body,
            List<String> inputs,
            List<String> outputs,
            int[] grid,
            int[] group,
            DType[] dtypes,
            int[][] shapes,
            Map<String, Object> template,
            @Nullable Float initial) {}

    /**
     * The outputs, lazily.
     *
     * @throws TensorException if MLX refuses, with the compiler's words when the outputs are evaluated
     * @throws IllegalStateException without a GPU
     */
    public static List<Tensor> run(Request request, Tensor... inputs) {
        Device device = Device.current();
        if (device == Device.CPU) {
            throw new IllegalStateException("MLX runs kernels on a GPU only, and this process uses the CPU");
        }
        List<Tensor> outputs = new ArrayList<>();
        DeviceThread.locked(() -> {
            // MLX makes all outputs in one call: the first tensor does it, the others take theirs from its result.
            ArrayVector[] made = new ArrayVector[1];
            for (int i = 0; i < request.outputs.size(); i++) {
                int index = i;
                outputs.add(DeviceThread.apply(
                        request.name,
                        (call, in) -> {
                            if (index == 0) {
                                made[0] = call(request, device == Device.CUDA, call, in);
                            }
                            return made[0].get(index);
                        },
                        inputs));
            }
            made[0].close();
            return null;
        });
        return outputs;
    }

    private static ArrayVector call(Request request, boolean cuda, DeviceThread.Call call, array[] inputs) {
        StringVector in = call.temp(new StringVector(request.inputs.toArray(new String[0])));
        StringVector out = call.temp(new StringVector(request.outputs.toArray(new String[0])));
        KernelFunction kernel = call.temp(
                cuda
                        ? mlx.cuda_kernel(request.name, in, out, request.body, request.header, true, 0)
                        : mlx.metal_kernel(
                                request.name,
                                in,
                                out,
                                request.body,
                                request.header,
                                true,
                                false,
                                new CompileOptions()));
        ShapeVector shapes = call.temp(new ShapeVector());
        DtypeVector dtypes = call.temp(new DtypeVector());
        for (int i = 0; i < request.shapes.length; i++) {
            Shape shape = call.shape(request.shapes[i]);
            shapes.push_back(shape);
            dtypes.push_back(call.dtype(request.dtypes[i]));
        }
        ArrayVector arrays = call.temp(new ArrayVector(inputs));
        Float initial = request.initial;
        FloatOptional start = call.temp(initial == null ? new FloatOptional() : new FloatOptional(initial));
        return kernel.apply(
                arrays,
                shapes,
                dtypes,
                triple(call, request.grid),
                triple(call, request.group),
                template(request, call),
                start,
                false,
                call.stream());
    }

    private static IntTriple triple(DeviceThread.Call call, int[] v) {
        return call.temp(new IntTriple(v[0], v[1], v[2]));
    }

    private static TemplateArgs template(Request request, DeviceThread.Call call) {
        TemplateArgs args = call.temp(new TemplateArgs());
        request.template.forEach((name, value) -> {
            switch (value) {
                case Integer number -> args.put_int(name, number);
                case Boolean flag -> args.put_bool(name, flag);
                case DType dtype -> args.put_dtype(name, call.dtype(dtype));
                default -> throw new IllegalArgumentException("The template argument " + name + " can't be " + value);
            }
        });
        return args;
    }
}
