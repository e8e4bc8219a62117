package tinyllm.tensor;

import org.bytedeco.mlx.StreamOrDevice;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/** Operations on each element by itself. */
final class Elementwise {
    interface Unary {
        array apply(array x, StreamOrDevice stream);
    }

    interface Binary {
        array apply(array x, array y, StreamOrDevice stream);
    }

    private Elementwise() {}

    /** Any dtype. */
    static Tensor any(String op, Tensor x, Unary f) {
        return DeviceThread.apply(op, (call, in) -> f.apply(in[0], call.stream()), x);
    }

    /** Numbers; functions of real numbers turn integers to F32. */
    static Tensor number(String op, Tensor x, Unary f) {
        numbers(op, x);
        return any(op, x, f);
    }

    static Tensor not(Tensor x) {
        bool("not", x);
        return any("not", x, mlx::logical_not);
    }

    static Tensor logical(String op, Tensor x, Tensor y, Binary f) {
        bool(op, x);
        bool(op, y);
        return binary(op, x, y, f);
    }

    static Tensor arithmetic(String op, Tensor x, Tensor y, Binary f) {
        if (x.dtype() == DType.BOOL && y.dtype() == DType.BOOL) {
            throw Shapes.bad(
                    op,
                    "needs numbers, got " + x.describe() + " and " + y.describe()
                            + "; use and/or/not, or convert with astype");
        }
        return binary(op, x, y, f);
    }

    static Tensor compare(String op, Tensor x, Tensor y, Binary f) {
        return binary(op, x, y, f);
    }

    private static Tensor binary(String op, Tensor x, Tensor y, Binary f) {
        Shapes.broadcast(op, x.sizes(), y.sizes());
        return DeviceThread.apply(op, (call, in) -> f.apply(in[0], in[1], call.stream()), x, y);
    }

    /** With a number of x's own dtype. */
    static Tensor scalar(String op, Tensor x, double y, Binary f) {
        numbers(op, x);
        return scalar(op, x, y, x.dtype(), f);
    }

    static Tensor compare(String op, Tensor x, double y, Binary f) {
        return scalar(op, x, y, x.dtype(), f);
    }

    private static Tensor scalar(String op, Tensor x, double y, DType dtype, Binary f) {
        double value = dtype.checked(op, y);
        return DeviceThread.apply(op, (call, in) -> f.apply(in[0], call.scalar(value, dtype), call.stream()), x);
    }

    /** Integers are divided as F32. */
    static Tensor divide(Tensor x, double y) {
        numbers("div", x);
        return scalar("div", x, y, x.dtype().isFloating() ? x.dtype() : DType.F32, mlx::divide);
    }

    static Tensor power(Tensor x, double exponent) {
        numbers("pow", x);
        if (exponent == 2) {
            return any("pow", x, mlx::square);
        }
        if (!x.dtype().isFloating() && exponent < 0) {
            throw Shapes.bad(
                    "pow", "integers have no power of " + exponent + "; convert " + x.describe() + " with astype(F32)");
        }
        return scalar("pow", x, exponent, mlx::power);
    }

    static Tensor power(Tensor x, Tensor exponent) {
        if (!x.dtype().isFloating()
                && exponent.dtype().isInteger()
                && exponent.dtype().isSigned()) {
            for (long e : exponent.toLongs()) {
                if (e < 0) {
                    throw Shapes.bad(
                            "pow",
                            "integers have no power of " + e + "; convert " + x.describe() + " with astype(F32)");
                }
            }
        }
        return arithmetic("pow", x, exponent, mlx::power);
    }

    /** Python's rule: the result has the divisor's sign. Integers: x mod 0 is 0. */
    static Tensor remainder(Tensor x, Tensor y) {
        if (x.dtype().isFloating() || y.dtype().isFloating()) {
            return arithmetic("remainder", x, y, mlx::remainder);
        }
        return integers("remainder", x, y, (call, a, b) -> {
            array zero = call.temp(mlx.zeros_like(a, call.stream()));
            array special = call.temp(special(call, b));
            array safe = call.temp(mlx.where(special, call.temp(mlx.ones_like(b, call.stream())), b, call.stream()));
            array rest = call.temp(mlx.remainder(a, safe, call.stream()));
            return mlx.where(special, zero, rest, call.stream());
        });
    }

    /** Rounds down. Integers: x // 0 is 0. */
    static Tensor floorDivide(Tensor x, Tensor y) {
        if (x.dtype().isFloating() || y.dtype().isFloating()) {
            return arithmetic("floorDivide", x, y, (a, b, s) -> {
                try (array quotient = mlx.divide(a, b, s)) {
                    return mlx.floor(quotient, s);
                }
            });
        }
        return integers("floorDivide", x, y, (call, a, b) -> {
            StreamOrDevice s = call.stream();
            array zero = call.temp(mlx.zeros_like(a, s));
            array special = call.temp(special(call, b));
            array safe = call.temp(mlx.where(special, call.temp(mlx.ones_like(b, s)), b, s));
            // Devices differ in rounding down or to zero: one less where the quotient and the remainder don't give a.
            array rest = call.temp(mlx.remainder(a, safe, s));
            array quotient = call.temp(mlx.floor_divide(a, safe, s));
            array back = call.temp(mlx.add(call.temp(mlx.multiply(quotient, safe, s)), rest, s));
            array above = call.temp(mlx.astype(call.temp(mlx.not_equal(back, a, s)), call.temp(a.dtype()), s));
            array down = call.temp(mlx.subtract(quotient, above, s));
            array isZero = call.temp(mlx.equal(b, zero, s));
            array negated = call.temp(mlx.negative(a, s));
            return mlx.where(special, call.temp(mlx.where(isZero, zero, negated, s)), down, s);
        });
    }

    /** Divisors that the processor traps on, or may: 0, and -1 for the smallest number. */
    private static array special(DeviceThread.Call call, array divisor) {
        StreamOrDevice s = call.stream();
        array zero = call.temp(mlx.zeros_like(divisor, s));
        array next = call.temp(mlx.add(divisor, call.temp(mlx.ones_like(divisor, s)), s));
        array minusOne = call.temp(
                mlx.logical_and(call.temp(mlx.equal(next, zero, s)), call.temp(mlx.less(divisor, zero, s)), s));
        return mlx.logical_or(call.temp(mlx.equal(divisor, zero, s)), minusOne, s);
    }

    private interface IntegerOp {
        array run(DeviceThread.Call call, array x, array y);
    }

    /** Brings two integer tensors to their common dtype and shape first. */
    private static Tensor integers(String op, Tensor x, Tensor y, IntegerOp f) {
        int[] shape = Shapes.broadcast(op, x.sizes(), y.sizes());
        if (x.dtype() == DType.BOOL || y.dtype() == DType.BOOL) {
            throw Shapes.bad(
                    op, "needs numbers, got " + x.describe() + " and " + y.describe() + "; convert with astype");
        }
        return DeviceThread.apply(
                op,
                (call, in) -> {
                    StreamOrDevice s = call.stream();
                    var dtype = call.temp(mlx.result_type(in[0], in[1]));
                    array a = call.temp(mlx.broadcast_to(call.temp(mlx.astype(in[0], dtype, s)), call.shape(shape), s));
                    array b = call.temp(mlx.broadcast_to(call.temp(mlx.astype(in[1], dtype, s)), call.shape(shape), s));
                    return f.run(call, a, b);
                },
                x,
                y);
    }

    static Tensor matmul(Tensor x, Tensor y) {
        if (!x.dtype().isFloating() || !y.dtype().isFloating()) {
            throw Shapes.bad(
                    "matmul",
                    "needs floating dtypes, got " + x.describe() + " and " + y.describe()
                            + "; convert with astype(F32)");
        }
        Shapes.matmul(x.sizes(), y.sizes());
        return DeviceThread.apply("matmul", (call, in) -> mlx.matmul(in[0], in[1], call.stream()), x, y);
    }

    static Tensor where(Tensor condition, Tensor yes, Tensor no) {
        if (condition.dtype() != DType.BOOL) {
            throw Shapes.bad(
                    "where",
                    "the condition is " + condition.describe() + "; it has to be BOOL, as comparisons give it");
        }
        int[] both = Shapes.broadcast("where", yes.sizes(), no.sizes());
        Shapes.broadcast("where", condition.sizes(), both);
        return DeviceThread.apply(
                "where", (call, in) -> mlx.where(in[0], in[1], in[2], call.stream()), condition, yes, no);
    }

    static void numbers(String op, Tensor x) {
        if (x.dtype() == DType.BOOL) {
            throw Shapes.bad(op, "needs numbers, got " + x.describe() + "; convert with astype(F32) or astype(I32)");
        }
    }

    private static void bool(String op, Tensor x) {
        if (x.dtype() != DType.BOOL) {
            throw Shapes.bad(op, "needs BOOL, got " + x.describe() + "; comparisons such as gt(0) give BOOL");
        }
    }
}
