package tinyllm.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.Dtype;
import org.bytedeco.mlx.IntVector;
import org.bytedeco.mlx.Shape;
import org.bytedeco.mlx.Stream;
import org.bytedeco.mlx.StreamOrDevice;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/**
 * The one door to MLX. MLX ties a stream, and every array that is not computed yet, to the thread that made it; threads of a
 * notebook come and go. So all operations use one stream that is bound to no thread, and one lock keeps them apart: whoever
 * holds it is the device's thread. A tensor may be made on one thread and read on any other, virtual threads included.
 *
 * <p>Other packages reach MLX's functions through {@link #apply}.
 */
public final class DeviceThread {

    /** The program around the tensors, if it wants a say: a notebook kernel, whose cells are interrupted and wait. */
    public interface Host {

        /** Told on a thread that waits for another's operation, once a second; {@code what} is that operation. */
        void waiting(String what, int seconds);

        /** Whether the current thread's work is over, so that it may compute nothing more. */
        boolean isOver();
    }

    /** An MLX function of some arrays: gets the inputs in order, returns an array that nobody else owns. */
    @FunctionalInterface
    public interface Kernel {
        array run(Call call, array[] inputs);
    }

    /** Loaded at the first use of the device, so that shapes and dtypes can be handled without a native library. */
    private static final class Native {
        private static final Device DEVICE = choose();
        private static final Stream STREAM = stream();
        private static final StreamOrDevice TARGET = new StreamOrDevice(STREAM);

        private static Device choose() {
            // JavaCPP would count the memory that MLX uses against a limit of its own; Memory keeps the budget.
            if (System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes") == null) {
                System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
            }
            // On a GPU MLX would multiply F32 matrices in TF32, with 10 bits: no exercise's tolerance holds that.
            NativeEnvironment.setDefault("MLX_ENABLE_TF32", "0");
            String asked = System.getProperty("tinyllm.device", "");
            boolean gpu = !asked.equalsIgnoreCase("cpu") && mlx.gpu_is_available();
            return !gpu ? Device.CPU : mlx.metal_is_available() ? Device.METAL : Device.CUDA;
        }

        private static Stream stream() {
            int type = DEVICE == Device.CPU ? org.bytedeco.mlx.Device.cpu : org.bytedeco.mlx.Device.gpu;
            org.bytedeco.mlx.Device device = new org.bytedeco.mlx.Device(type, 0);
            mlx.set_default_device(device);
            mlx.set_cache_limit(Memory.cacheLimit());
            return mlx.new_thread_unsafe_stream(device);
        }
    }

    /** Native code that reads computed arrays and gives none back. */
    @FunctionalInterface
    public interface Step {
        void run(Call call, array[] inputs);
    }

    private DeviceThread() {}

    static Device device() {
        return Native.DEVICE;
    }

    /**
     * Runs an MLX function lazily and wraps its result.
     *
     * @param op names the operation in errors
     * @throws TensorException if MLX refuses; shapes and dtypes of the inputs are in the message
     * @throws TensorMemoryException if the result would go over the memory budget
     */
    public static Tensor apply(String op, Kernel kernel, Tensor... inputs) {
        return apply(op, Layout.OWN, kernel, inputs);
    }

    static Tensor apply(String op, Layout layout, Kernel kernel, Tensor... inputs) {
        return locked(() -> {
            array[] arrays = new array[inputs.length];
            int depth = 0;
            for (int i = 0; i < arrays.length; i++) {
                arrays[i] = inputs[i].handle().array(op, inputs[i]);
                depth = Math.max(depth, inputs[i].handle().depth());
            }
            array out = compute(op, kernel, arrays, inputs);
            Tensor tensor = Registry.adopt(op, out, layout, depth + 1);
            if (tensor.handle().depth() > Registry.MAX_DEPTH) {
                evaluate(op, tensor);
            }
            return tensor;
        });
    }

    /** Computes the inputs and runs a step over them, alone. */
    public static void run(String op, Step step, Tensor... inputs) {
        locked(() -> {
            evaluate(op, inputs);
            array[] arrays = new array[inputs.length];
            for (int i = 0; i < arrays.length; i++) {
                arrays[i] = inputs[i].handle().array(op, inputs[i]);
            }
            try (Call call = new Call(Native.TARGET)) {
                step.run(call, arrays);
            } catch (TensorException e) {
                throw e;
            } catch (RuntimeException e) {
                throw new TensorException(op + " of " + describe(inputs) + " failed: " + e.getMessage(), e);
            }
            return null;
        });
    }

    private static array compute(String op, Kernel kernel, array[] arrays, Tensor[] inputs) {
        long before = NativeTrace.before();
        try (Call call = new Call(Native.TARGET)) {
            array result = kernel.run(call, arrays);
            NativeTrace.after(before, false);
            return result;
        } catch (TensorException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new TensorException(op + " of " + describe(inputs) + " failed in MLX: " + e.getMessage(), e);
        }
    }

    /** Names the one host of this process; without it nobody is told, and an interrupt changes nothing. */
    public static void hostedBy(Host host) {
        DeviceLock.hostedBy(host);
    }

    /**
     * Computes all that is not computed yet, in one pass.
     *
     * @throws CancellationException if the host says that this thread's work is over: so a loop over tensors ends at its next step
     */
    static void evaluate(String op, Tensor... tensors) {
        locked(() -> {
            List<Tensor> lazy = new ArrayList<>();
            for (Tensor tensor : tensors) {
                tensor.handle().array(op, tensor);
                if (!tensor.handle().isEvaluated()) {
                    lazy.add(tensor);
                }
            }
            if (!lazy.isEmpty()) {
                if (DeviceLock.isOver()) {
                    throw new CancellationException("interrupted before " + op + " of "
                            + lazy.getFirst().describe());
                }
                evaluateNow(op, lazy);
            }
            return null;
        });
    }

    private static void evaluateNow(String op, List<Tensor> lazy) {
        try (ArrayVector vector = new ArrayVector()) {
            vector.reserve(lazy.size());
            lazy.forEach(tensor -> vector.push_back(tensor.handle().array(op, tensor)));
            // Without this MLX starts a stream, and a thread behind it, for every thread that ever evaluates.
            mlx.set_default_stream(Native.STREAM);
            long before = NativeTrace.before();
            DeviceLock.running(op, lazy.getLast(), () -> mlx.eval(vector));
            NativeTrace.after(before, true);
        } catch (RuntimeException e) {
            Tensor[] all = lazy.toArray(new Tensor[0]);
            String message = op + " of " + describe(all) + " failed in MLX: " + e.getMessage();
            Registry.lose(message);
            throw new TensorException(message, e);
        }
        lazy.forEach(tensor -> tensor.handle().evaluated());
    }

    /** Computed memory of MLX's own, for Java to write. */
    static array empty(String op, DType dtype, int[] shape) {
        try (Call call = new Call(Native.TARGET)) {
            array zeros = mlx.zeros(call.shape(shape), call.dtype(dtype), call.stream());
            try (ArrayVector vector = new ArrayVector(new array[] {zeros})) {
                mlx.set_default_stream(Native.STREAM);
                mlx.eval(vector);
            } catch (RuntimeException e) {
                zeros.deallocate();
                throw e;
            }
            return zeros;
        } catch (RuntimeException e) {
            throw new TensorException(
                    op + " of shape " + Shapes.text(shape) + " " + dtype + " failed in MLX: " + e.getMessage(), e);
        }
    }

    /** Runs body alone: no other thread uses MLX meanwhile. Frees first what the collector has found. */
    static <T extends @org.jspecify.annotations.Nullable Object> T locked(Supplier<T> body) {
        DeviceLock.lock();
        try {
            Registry.drain();
            return body.get();
        } finally {
            DeviceLock.unlock();
        }
    }

    static boolean isLocked() {
        return DeviceLock.isHeld();
    }

    private static String describe(Tensor[] tensors) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(tensors.length, 8); i++) {
            text.append(i == 0 ? "" : ", ").append(tensors[i].describe());
        }
        return text.append(tensors.length > 8 ? ", … (" + tensors.length + " tensors)" : "")
                .toString();
    }

    /** What a kernel needs besides its inputs. Temporaries that it makes are freed when it returns. */
    public static final class Call implements AutoCloseable {
        private final StreamOrDevice stream;
        private final List<Pointer> temporaries = new ArrayList<>();

        private Call(StreamOrDevice stream) {
            this.stream = stream;
        }

        /** The stream that every MLX function must be given. */
        public StreamOrDevice stream() {
            return stream;
        }

        /** Frees pointer when the kernel returns: for intermediate arrays, never for the result. */
        public <P extends Pointer> P temp(P pointer) {
            temporaries.add(pointer);
            return pointer;
        }

        public IntVector ints(int... values) {
            IntVector vector = temp(new IntVector(values.length));
            for (int i = 0; i < values.length; i++) {
                vector.put(i, values[i]);
            }
            return vector;
        }

        public Shape shape(int... dims) {
            return temp(new Shape(dims));
        }

        public Dtype dtype(DType dtype) {
            return Dtypes.nativeOf(dtype);
        }

        /** A temporary scalar. */
        public array scalar(double value, DType dtype) {
            return temp(Dtypes.scalar(value, dtype));
        }

        @Override
        public void close() {
            for (int i = temporaries.size() - 1; i >= 0; i--) {
                temporaries.get(i).close();
            }
        }
    }
}
