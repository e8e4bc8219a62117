package tinyllm.tensor;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.mlx.Dtype;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/** DType to and from MLX. */
final class Dtypes {
    private static final Map<DType, Dtype> NATIVE = new EnumMap<>(DType.class);

    static {
        DeviceThread.device();
        NATIVE.put(DType.BOOL, mlx.bool_());
        NATIVE.put(DType.U8, mlx.uint8());
        NATIVE.put(DType.U16, mlx.uint16());
        NATIVE.put(DType.U32, mlx.uint32());
        NATIVE.put(DType.I8, mlx.int8());
        NATIVE.put(DType.I16, mlx.int16());
        NATIVE.put(DType.I32, mlx.int32());
        NATIVE.put(DType.I64, mlx.int64());
        NATIVE.put(DType.F16, mlx.float16());
        NATIVE.put(DType.BF16, mlx.bfloat16());
        NATIVE.put(DType.F32, mlx.float32());
        NATIVE.put(DType.F64, mlx.float64());
    }

    private Dtypes() {}

    static Dtype nativeOf(DType dtype) {
        return Objects.requireNonNull(NATIVE.get(dtype));
    }

    static DType of(String op, array x) {
        try (Dtype dtype = x.dtype()) {
            return switch (dtype.val()) {
                case Dtype.bool_ -> DType.BOOL;
                case Dtype.uint8 -> DType.U8;
                case Dtype.uint16 -> DType.U16;
                case Dtype.uint32 -> DType.U32;
                case Dtype.int8 -> DType.I8;
                case Dtype.int16 -> DType.I16;
                case Dtype.int32 -> DType.I32;
                case Dtype.int64 -> DType.I64;
                case Dtype.float16 -> DType.F16;
                case Dtype.bfloat16 -> DType.BF16;
                case Dtype.float32 -> DType.F32;
                case Dtype.float64 -> DType.F64;
                default -> throw new TensorException(op + ": the result is of an MLX type that tensors don't have");
            };
        }
    }

    static array scalar(double value, DType dtype) {
        Dtype target = nativeOf(dtype);
        return dtype.isFloating() ? new array(value, target) : new array((long) value, target);
    }

    /** F64 exists on the CPU only. */
    static DType available(String op, DType dtype) {
        if (dtype == DType.F64 && Device.current() != Device.CPU) {
            throw Shapes.bad(op, "F64 works on the CPU only, and this process uses " + Device.current());
        }
        return dtype;
    }
}
