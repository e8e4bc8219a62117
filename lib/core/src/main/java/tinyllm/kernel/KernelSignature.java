package tinyllm.kernel;

import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import tinyllm.tensor.DType;

/**
 * The function around a kernel's body, from which each host makes its own: parameters, template arguments, thread attributes. The
 * rules are those of MLX's {@code metal_kernel}.
 *
 * @param inputs in order
 * @param outputs in order, at least one
 * @param template values by name: an Integer, a Boolean or a {@link DType}
 * @param attributes the thread attributes that the body names
 */
public record KernelSignature(
        String name,
        List<Parameter> inputs,
        List<Parameter> outputs,
        Map<String, Object> template,
        List<Attribute> attributes) {

    /** Inputs of fewer elements are in the address space {@code constant}, others in {@code device}. */
    public static final int CONSTANT_BELOW = 8;

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private static final Set<DType> TYPES = Set.of(
            DType.BOOL,
            DType.U8,
            DType.U16,
            DType.U32,
            DType.I8,
            DType.I16,
            DType.I32,
            DType.I64,
            DType.F16,
            DType.BF16,
            DType.F32);

    /**
     * An input or an output.
     *
     * @param shaped whether the body names its {@code _shape}; {@code strided} and {@code ranked} the same for {@code _strides}
     *     and {@code _ndim}. They exist for an input with at least one axis.
     */
    public record Parameter(String name, DType dtype, int[] shape, boolean shaped, boolean strided, boolean ranked) {
        public Parameter {
            shape = shape.clone();
        }

        public long elements() {
            return Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact);
        }

        /** A scalar (no axes) is a reference in the body, anything else a pointer. */
        public boolean isScalar() {
            return shape.length == 0;
        }

        public boolean isConstant() {
            return elements() < CONSTANT_BELOW;
        }

        /** Metal's name of the element type. */
        public String type() {
            return typeName(dtype);
        }
    }

    /** A thread attribute that a body may name, with its type in Metal. */
    public enum Attribute {
        DISPATCH_QUADGROUPS_PER_THREADGROUP("uint"),
        DISPATCH_SIMDGROUPS_PER_THREADGROUP("uint"),
        DISPATCH_THREADS_PER_THREADGROUP("uint3"),
        GRID_ORIGIN("uint3"),
        GRID_SIZE("uint3"),
        QUADGROUP_INDEX_IN_THREADGROUP("uint"),
        QUADGROUPS_PER_THREADGROUP("uint"),
        SIMDGROUP_INDEX_IN_THREADGROUP("uint"),
        SIMDGROUPS_PER_THREADGROUP("uint"),
        THREAD_EXECUTION_WIDTH("uint"),
        THREAD_INDEX_IN_QUADGROUP("uint"),
        THREAD_INDEX_IN_SIMDGROUP("uint"),
        THREAD_INDEX_IN_THREADGROUP("uint"),
        THREAD_POSITION_IN_GRID("uint3"),
        THREAD_POSITION_IN_THREADGROUP("uint3"),
        THREADGROUP_POSITION_IN_GRID("uint3"),
        THREADGROUPS_PER_GRID("uint3"),
        THREADS_PER_GRID("uint3"),
        THREADS_PER_SIMDGROUP("uint"),
        THREADS_PER_THREADGROUP("uint3");

        private final String type;

        Attribute(String type) {
            this.type = type;
        }

        public String type() {
            return type;
        }

        /** As a body writes it. */
        public String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    public KernelSignature {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        template = new LinkedHashMap<>(template);
        attributes = List.copyOf(attributes);
        if (outputs.isEmpty()) {
            throw new KernelException("The kernel " + name + " has no output: what would it be for?");
        }
        Set<String> names = new HashSet<>();
        for (List<Parameter> side : List.of(inputs, outputs)) {
            for (Parameter parameter : side) {
                check(name, parameter.name, names);
                typeName(parameter.dtype);
                if (parameter.elements() == 0) {
                    throw new KernelException(name + ": " + parameter.name + " of shape "
                            + Arrays.toString(parameter.shape) + " has no elements");
                }
            }
        }
        for (var entry : template.entrySet()) {
            check(name, entry.getKey(), names);
            Object value = entry.getValue();
            if (!(value instanceof Integer || value instanceof Boolean || value instanceof DType)) {
                throw new KernelException(name + ": the template argument " + entry.getKey()
                        + " is an int, a boolean or a DType, not " + value);
            }
        }
    }

    /** The signature of a kernel, with what its body names. Shapes and dtypes come from the tensors of a call. */
    static KernelSignature of(
            KernelSource source, List<Parameter> inputs, List<Parameter> outputs, Map<String, Object> template) {
        List<Attribute> used = Arrays.stream(Attribute.values())
                .filter(a -> word(a.word()).matcher(source.body()).find())
                .toList();
        return new KernelSignature(source.name(), inputs, outputs, template, used);
    }

    static Parameter input(KernelSource source, String name, DType dtype, int[] shape) {
        String body = source.body();
        boolean axes = shape.length > 0;
        return new Parameter(
                name,
                dtype,
                shape,
                axes && body.contains(name + "_shape"),
                axes && body.contains(name + "_strides"),
                axes && body.contains(name + "_ndim"));
    }

    static Parameter output(String name, DType dtype, int[] shape) {
        return new Parameter(name, dtype, shape, false, false, false);
    }

    private static Pattern word(String name) {
        return Pattern.compile("\\b" + name + "\\b");
    }

    private static void check(String kernel, String name, Set<String> names) {
        if (!NAME.matcher(name).matches()) {
            throw new KernelException(kernel + ": '" + name + "' can't be the name of a parameter");
        }
        if (!names.add(name)) {
            throw new KernelException(kernel + ": two parameters are called " + name);
        }
    }

    static String typeName(DType dtype) {
        if (!TYPES.contains(dtype)) {
            throw new KernelException("Metal has no " + dtype + "; a kernel takes F32, F16, BF16 or integers");
        }
        return switch (dtype) {
            case BOOL -> "bool";
            case U8 -> "uint8_t";
            case U16 -> "uint16_t";
            case U32 -> "uint32_t";
            case I8 -> "int8_t";
            case I16 -> "int16_t";
            case I32 -> "int32_t";
            case I64 -> "int64_t";
            case F16 -> "half";
            case BF16 -> "bfloat16_t";
            default -> "float";
        };
    }
}
