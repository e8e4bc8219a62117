package org.bytedeco.mlx.presets;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.LoadEnabled;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.presets.javacpp;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * The presets for MLX: what the parser has to know about {@code mlx/mlx.h} and {@code mlx/graph_utils.h}, and what has to
 * be loaded before {@code libmlx}.
 */
@Properties(
        inherit = javacpp.class,
        value = {
            @Platform(
                    value = {"linux-x86_64", "linux-arm64", "macosx-arm64"},
                    compiler = "cpp20",
                    include = {
                        "mlx/version.h",
                        "mlx/dtype.h",
                        "mlx/device.h",
                        "mlx/stream.h",
                        "mlx/array.h",
                        "mlx/utils.h",
                        "mlx/ops.h",
                        "mlx/backend/common/metal_kernel.h",
                        "mlx/fast.h",
                        "mlx/random.h",
                        "mlx/fft.h",
                        "mlx/linalg.h",
                        "mlx/einsum.h",
                        "mlx/transforms.h",
                        "mlx/compile.h",
                        "mlx/io.h",
                        "mlx/memory.h",
                        "mlx/export.h",
                        "mlx/export_impl.h",
                        "mlx/distributed/distributed.h",
                        "mlx/distributed/ops.h",
                        "mlx/backend/metal/metal.h",
                        "mlx/backend/cuda/cuda.h",
                        "mlx/backend/gpu/device_info.h",
                        "mlx/graph_utils.h",
                        "mlx_helpers.h",
                        "mlx_functions.h",
                        "mlx_io.h"
                    },
                    link = "mlx"),
            // The wheel's own BLAS and LAPACK under their exact names, in the order in which they need each other.
            @Platform(
                    value = "linux-x86_64",
                    preload = {
                        "quadmath-a962d038@.0.0.0",
                        "gfortran-f7379c93@.5.0.0",
                        "blas-bd8a282c@.3.10.0",
                        "lapack-86b2c207@.3.10.0"
                    }),
            @Platform(
                    value = "linux-arm64",
                    preload = {"gfortran-fecb827f@.5.0.0", "blas-87cf96dc@.3.10.0", "lapack-a87cd5b5@.3.10.0"}),
            @Platform(value = "macosx-arm64", preload = "jaccl")
        },
        target = "org.bytedeco.mlx",
        global = "org.bytedeco.mlx.global.mlx",
        helper = "org.bytedeco.mlx.helper.mlx")
public class mlx implements LoadEnabled, InfoMapper {
    private static boolean openBlasIsLoaded;

    /** Loads what {@code libmlx} has to find in the process: a fast BLAS on Linux, the Metal library on macOS. */
    @Override
    public void init(ClassProperties properties) {
        if (!Loader.isLoadLibraries()) {
            return;
        }
        String platform = properties.getProperty("platform");
        if (platform.startsWith("linux")) {
            loadOpenBlas(platform);
            cacheCudaHeaders();
        } else if (platform.startsWith("macosx")) {
            // libmlx looks for it in its own folder: both are extracted into the same one.
            cache("/org/bytedeco/mlx/" + platform + "/mlx.metallib");
        }
    }

    /**
     * MLX for CUDA compiles kernels while it runs, against headers that it looks for in {@code ../include} beside the folder of its
     * library: from a jar both have to be extracted.
     */
    private static void cacheCudaHeaders() {
        URL headers = mlx.class.getResource("/org/bytedeco/mlx/include/cccl");
        if (headers != null && headers.getProtocol().equals("jar")) {
            cache("/org/bytedeco/mlx/include");
        }
    }

    /**
     * libmlx multiplies matrices by {@code cblas_*gemm} of the reference BLAS beside it, 60 times slower than OpenBLAS.
     * Symbols that are global in the process win over those of libmlx's own dependencies, so OpenBLAS goes first.
     */
    private static synchronized void loadOpenBlas(String platform) {
        if (openBlasIsLoaded) {
            return; // init() runs for every class of the presets; the number of threads may have been changed since
        }
        Loader.load(openblas_nolapack.class);
        Loader.loadGlobal(cache("/org/bytedeco/openblas/" + platform + "/libopenblas.so.0"));
        openblas_nolapack.blas_set_num_threads(threads());
        openBlasIsLoaded = true;
    }

    /**
     * The number of threads that native code of this process may use: the system property
     * {@code org.bytedeco.mlx.threads}, else the environment variable {@code TINYLLM_THREADS}, else one per processor.
     */
    public static int threads() {
        String given = System.getProperty("org.bytedeco.mlx.threads", System.getenv("TINYLLM_THREADS"));
        if (given == null || given.isBlank()) {
            return Runtime.getRuntime().availableProcessors();
        }
        try {
            int threads = Integer.parseInt(given.strip());
            if (threads >= 1 && threads <= 1024) {
                return threads;
            }
        } catch (NumberFormatException e) {
            // the message below is the same
        }
        throw new IllegalArgumentException(
                "The number of threads must be a whole number from 1 to 1024, but the property"
                        + " org.bytedeco.mlx.threads or the variable TINYLLM_THREADS says \"" + given + "\".");
    }

    private static String cache(String resource) {
        try {
            File file = Loader.cacheResource(mlx.class, resource);
            if (file == null) {
                throw new UnsatisfiedLinkError("The class path has no " + resource
                        + ": add the jar of this platform, or run with the platform that the jars were built for.");
            }
            return file.getAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Cannot extract " + resource + " into "
                            + System.getProperty("org.bytedeco.javacpp.cachedir", "JavaCPP's cache folder") + ".",
                    e);
        }
    }

    @Override
    public void map(InfoMap infoMap) {
        macros(infoMap);
        values(infoMap);
        containers(infoMap);
        arrays(infoMap);
        names(infoMap);
        skips(infoMap);
    }

    private static void macros(InfoMap map) {
        map.put(new Info("std::string")
                        .annotations("@StdString")
                        .valueTypes("String")
                        .pointerTypes("BytePointer"))
                .put(new Info("MLX_API", "MLX_NOINLINE").cppTypes().annotations())
                .put(new Info("MLX_VERSION_NUMERIC").skip());
    }

    /** Types that have a hand-written class, because they have no default constructor or are variants. */
    private static void values(InfoMap map) {
        map.put(new Info("mlx::core::ShapeElem").valueTypes("int").pointerTypes("IntPointer", "IntBuffer", "int[]"))
                .put(new Info("mlx::core::Shape", "mlx::core::SmallVector<mlx::core::ShapeElem>").pointerTypes("Shape"))
                .put(new Info("mlx::core::Strides", "mlx::core::SmallVector<int64_t>").pointerTypes("Strides"))
                .put(new Info("mlx::core::StreamOrDevice").pointerTypes("StreamOrDevice"))
                .put(new Info(
                                "std::vector<mlx::core::array>",
                                "mlx::core::Args",
                                "std::initializer_list<mlx::core::array>")
                        .pointerTypes("ArrayVector"))
                .put(new Info("std::vector<mlx::core::Dtype>").pointerTypes("DtypeVector"))
                .put(new Info("std::vector<mlx::core::Stream>").pointerTypes("StreamVector"))
                .put(new Info("std::pair<mlx::core::array,mlx::core::array>").pointerTypes("ArrayPair"))
                .put(new Info("std::tuple<mlx::core::array,mlx::core::array>").pointerTypes("ArrayTuple"))
                .put(new Info("std::unordered_map<std::string,mlx::core::array>", "mlx::core::Kwargs")
                        .pointerTypes("ArrayMap"))
                .put(new Info(
                                "mlx::core::SafetensorsLoad",
                                "std::pair<std::unordered_map<std::string,mlx::core::array>,std::unordered_map<std::string,std::string> >")
                        .pointerTypes("SafetensorsLoad"))
                .put(new Info("std::pair<std::vector<mlx::core::array>,std::vector<mlx::core::array> >")
                        .pointerTypes("ArrayVectorPair"))
                .put(new Info("std::unordered_map<std::string,std::variant<std::string,size_t> >")
                        .pointerTypes("DeviceInfoMap"));
    }

    private static void containers(InfoMap map) {
        map.put(new Info("std::vector<int>").pointerTypes("IntVector").define())
                .put(new Info("std::vector<std::vector<int> >")
                        .pointerTypes("IntVectorVector")
                        .define())
                .put(new Info("std::vector<std::string>")
                        .pointerTypes("StringVector")
                        .define())
                .put(new Info("std::vector<mlx::core::Shape>")
                        .pointerTypes("ShapeVector")
                        .define())
                .put(new Info("std::pair<int,int>").pointerTypes("IntPair").define())
                .put(new Info("std::vector<std::pair<int,int> >")
                        .pointerTypes("IntPairVector")
                        .define())
                .put(new Info("std::unordered_map<std::string,std::string>")
                        .pointerTypes("StringStringMap")
                        .define())
                .put(new Info("std::pair<std::vector<std::vector<int> >,std::string>")
                        .pointerTypes("EinsumPath")
                        .define())
                .put(new Info("std::tuple<int,int,int>")
                        .pointerTypes("IntTriple")
                        .define())
                .put(new Info("std::optional<int>").pointerTypes("IntOptional").define())
                .put(new Info("std::optional<bool>")
                        .pointerTypes("BoolOptional")
                        .define())
                .put(new Info("std::optional<float>")
                        .pointerTypes("FloatOptional")
                        .define())
                .put(new Info("std::optional<std::vector<int> >")
                        .pointerTypes("IntVectorOptional")
                        .define())
                .put(new Info("std::optional<mlx::core::array>")
                        .pointerTypes("ArrayOptional")
                        .define())
                .put(new Info("std::optional<mlx::core::Dtype>")
                        .pointerTypes("DtypeOptional")
                        .define())
                .put(new Info("std::optional<mlx::core::Stream>")
                        .pointerTypes("StreamOptional")
                        .define())
                .put(new Info("std::optional<mlx::core::distributed::Group>")
                        .pointerTypes("GroupOptional")
                        .define());
    }

    private static void arrays(InfoMap map) {
        map.put(new Info("mlx::core::distributed::Group", "mlx_java::KernelFunction", "mlx_java::ValueAndGradFunction")
                        .purify())
                .put(new Info(
                                "mlx::core::conv_general(mlx::core::array, mlx::core::array, std::vector<int>, std::vector<int>, std::vector<int>, std::vector<int>, std::vector<int>, int, bool, mlx::core::StreamOrDevice)")
                        .skipDefaults())
                .put(new Info(
                                "mlx::core::conv_general(const mlx::core::array&, const mlx::core::array&, std::vector<int>, std::vector<int>, std::vector<int>, std::vector<int>, int, bool, mlx::core::StreamOrDevice)")
                        .skipDefaults());
        map.put(new Info("mlx::core::array").base("AbstractArray"))
                .put(new Info("mlx::core::Dtype", "mlx::core::Device", "mlx::core::Stream").base("Described"))
                .put(new Info("mlx_java::ArraysFunction").base("AbstractFunction"))
                .put(new Info(
                                "mlx_java::ArraysFunction::Function",
                                "mlx_java::ArraysFunction::function",
                                "mlx_java::ArraysFunction::ArraysFunction(mlx_java::ArraysFunction::Function)",
                                "mlx_java::ArraysFunction::ArraysFunction(Function)",
                                "mlx_java::ValueAndGradFunction::ValueAndGradFunction",
                                "mlx_java::KernelFunction::KernelFunction",
                                "mlx_java::KeywordFunction::function",
                                "mlx_java::TemplateArgs::args",
                                "mlx_java::ScalarArgs::args",
                                "mlx_java::MemoryWriter::writer",
                                "mlx_java::GgufContent::content",
                                "mlx_java::GgufContent::GgufContent(mlx::core::GGUFLoad)")
                        .skip())
                .put(new Info("mlx::core::array::array(std::initializer_list<float>)").javaText("""
                            /** A scalar. */
                            public array(float val) { super((Pointer)null); allocate(val); }
                            private native void allocate(float val);
                            public array(float val, Dtype dtype) { super((Pointer)null); allocate(val, dtype); }
                            private native void allocate(float val, @ByVal Dtype dtype);
                            public array(double val, Dtype dtype) { super((Pointer)null); allocate(val, dtype); }
                            private native void allocate(double val, @ByVal Dtype dtype);
                            public array(int val) { super((Pointer)null); allocate(val); }
                            private native void allocate(int val);
                            public array(long val, Dtype dtype) { super((Pointer)null); allocate(val, dtype); }
                            private native void allocate(@Cast("int64_t") long val, @ByVal Dtype dtype);
                            public array(boolean val) { super((Pointer)null); allocate(val); }
                            private native void allocate(@Cast("bool") boolean val);
                            /** Copies {@code shape}'s number of values. */
                            public array(FloatPointer data, Shape shape) { super((Pointer)null); AbstractArray.requireMemory(data, shape); allocate(data, shape); }
                            private native void allocate(@Const FloatPointer data, @ByVal Shape shape);
                            public array(IntPointer data, Shape shape) { super((Pointer)null); AbstractArray.requireMemory(data, shape); allocate(data, shape); }
                            private native void allocate(@Const IntPointer data, @ByVal Shape shape);
                            public array(float[] data, Shape shape) { super((Pointer)null); AbstractArray.requireLength(data.length, shape); allocate(data, shape); }
                            private native void allocate(@Const float[] data, @ByVal Shape shape);
                            public array(int[] data, Shape shape) { super((Pointer)null); AbstractArray.requireLength(data.length, shape); allocate(data, shape); }
                            private native void allocate(@Const int[] data, @ByVal Shape shape);
                            """))
                .put(new Info("mlx::core::array::shape(int)").javaText("public native int shape(int dim);"))
                .put(new Info("mlx::core::array::strides(int)")
                        .javaText("public native @Cast(\"int64_t\") long strides(int dim);"));
    }

    /** Functions of different namespaces that would collide in the one global class. */
    private static void names(InfoMap map) {
        map.put(new Info("mlx::core::random::split").javaNames("random_split"))
                // close() is Pointer's, which frees the object.
                .put(new Info("mlx::core::FunctionExporter::close").javaNames("close_file"))
                .put(new Info("mlx::core::metal::is_available").javaNames("metal_is_available"))
                .put(new Info("mlx::core::metal::device_info").javaNames("metal_device_info"))
                .put(new Info("mlx::core::cu::is_available").javaNames("cuda_is_available"))
                .put(new Info("mlx::core::cu::device_info").javaNames("cuda_device_info"))
                .put(new Info("mlx::core::gpu::is_available").javaNames("gpu_is_available"))
                .put(new Info("mlx::core::gpu::device_info").javaNames("gpu_device_info"))
                .put(new Info("mlx::core::gpu::device_count").javaNames("gpu_device_count"))
                .put(new Info("mlx::core::distributed::is_available").javaNames("distributed_is_available"))
                .put(new Info("mlx::core::distributed::init").javaNames("distributed_init"))
                .put(new Info("mlx::core::array::item<float>").javaNames("item_float"))
                .put(new Info("mlx::core::array::item<double>").javaNames("item_double"))
                .put(new Info("mlx::core::array::item<int>").javaNames("item_int"))
                .put(new Info("mlx::core::array::item<int64_t>").javaNames("item_long"))
                .put(new Info("mlx::core::array::item<bool>").javaNames("item_bool"))
                .put(new Info("mlx::core::array::data<float>").javaNames("data_float"))
                .put(new Info("mlx::core::array::data<double>").javaNames("data_double"))
                .put(new Info("mlx::core::array::data<int>").javaNames("data_int"))
                .put(new Info("mlx::core::array::data<int64_t>").javaNames("data_long"))
                .put(new Info("mlx::core::array::data<int8_t>").javaNames("data_byte"))
                .put(new Info("mlx::core::array::data<int16_t>").javaNames("data_short"))
                .put(new Info("mlx::core::array::data<void>").javaNames("data_void"));
    }

    /** What is no part of the public interface, or has a form for Java in {@code mlx_helpers.h}. */
    private static void skips(InfoMap map) {
        map.put(new Info("mlx::core::Device::cpu", "mlx::core::Device::gpu").skip())
                .put(new Info("mlx::core::array::ArrayIterator", "mlx::core::array::begin", "mlx::core::array::end")
                        .skip())
                .put(new Info(
                                "mlx::core::array::array(std::complex<float>&, mlx::core::Dtype)",
                                "mlx::core::array::array(const std::complex<float>&, mlx::core::Dtype)",
                                "mlx::core::array::array(std::initializer_list<int>, mlx::core::Dtype)",
                                "mlx::core::array::array(void*, mlx::core::Shape, mlx::core::Dtype, const std::function<void(void*)>&)",
                                "mlx::core::array::array(void*, mlx::core::Shape, mlx::core::Dtype, std::function<void(void*)>&)",
                                "mlx::core::array::array(mlx::core::allocator::Data, mlx::core::Shape, mlx::core::Dtype)",
                                "mlx::core::array::array(allocator::Data, mlx::core::Shape, mlx::core::Dtype)")
                        .skip())
                .put(new Info(
                                "mlx::core::array::Data",
                                "mlx::core::array::make_arrays",
                                "mlx::core::array::array(mlx::core::Shape, mlx::core::Dtype, std::shared_ptr<mlx::core::Primitive>, std::vector<mlx::core::array>)",
                                "mlx::core::array::primitive",
                                "mlx::core::array::primitive_ptr",
                                "mlx::core::array::set_siblings",
                                "mlx::core::array::buffer",
                                "mlx::core::array::data_shared_ptr",
                                "mlx::core::array::event",
                                "mlx::core::array::attach_event",
                                "mlx::core::array::set_data",
                                "mlx::core::array::copy_shared_buffer",
                                "mlx::core::array::overwrite_descriptor",
                                "mlx::core::Primitive",
                                "mlx::core::Event")
                        .skip())
                .put(new Info(
                                "mlx::core::slice(const mlx::core::array&, std::initializer_list<int>, mlx::core::Shape, mlx::core::Shape, mlx::core::StreamOrDevice)",
                                "mlx::core::slice(mlx::core::array&, std::initializer_list<int>, mlx::core::Shape, mlx::core::Shape, mlx::core::StreamOrDevice)",
                                "mlx::core::transpose(const mlx::core::array&, std::initializer_list<int>, mlx::core::StreamOrDevice)",
                                "mlx::core::transpose(mlx::core::array&, std::initializer_list<int>, mlx::core::StreamOrDevice)",
                                "mlx::core::operator <<",
                                "mlx::core::operator<<")
                        .skip())
                .put(new Info(
                                "mlx::core::fast::metal_kernel",
                                "mlx::core::fast::cuda_kernel",
                                "mlx::core::fast::precompiled_cuda_kernel",
                                "mlx::core::vjp",
                                "mlx::core::jvp",
                                "mlx::core::value_and_grad",
                                "mlx::core::grad",
                                "mlx::core::vmap",
                                "mlx::core::custom_function",
                                "mlx::core::custom_vjp",
                                "mlx::core::checkpoint",
                                "mlx::core::compile",
                                "mlx::core::exporter",
                                "mlx::core::export_function",
                                "mlx::core::FunctionTable",
                                "mlx::core::print_graph",
                                "mlx::core::export_to_dot",
                                "mlx::core::save",
                                "mlx::core::load",
                                "mlx::core::load_safetensors",
                                "mlx::core::save_safetensors",
                                "mlx::core::load_gguf",
                                "mlx::core::save_gguf",
                                "mlx::core::distributed::detail::GroupImpl",
                                "mlx::core::distributed::Group::raw_group",
                                "mlx::core::distributed::init(bool, const std::string&, mlx::core::distributed::AllGatherFactory)",
                                "mlx::core::distributed::init(bool, std::string&, mlx::core::distributed::AllGatherFactory)",
                                "mlx::core::NodeNamer::names",
                                "mlx::core::StreamContext",
                                "mlx::core::PrintFormatter",
                                "mlx::core::get_global_formatter",
                                "mlx::core::is_main_thread",
                                "mlx::core::env::get_var")
                        .skip());
    }
}
