package tinyllm.lab.exercises;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The right answer of any exercise, made to misbehave in one way. */
final class Misbehaviour {

    private static final String MEGABYTE = "x".repeat(1 << 20);

    /** What a call without a result gives; no twist changes it. */
    private static final Object NOTHING = new Object();

    private Misbehaviour() {}

    /** What becomes of one call. */
    interface Twist {
        /** @param right computes the right result; noted as nobody's */
        @Nullable
        Object call(Method method, Object[] arguments, Supplier<Object> right);
    }

    static <T> Supplier<T> of(Exercise<T> exercise, Twist twist) {
        return () -> {
            T right = exercise.reference().get(); // one object: an answer may have a state
            return exercise.contract()
                    .cast(Proxy.newProxyInstance(
                            Misbehaviour.class.getClassLoader(),
                            new Class<?>[] {exercise.contract()},
                            (proxy, method, given) -> {
                                Object[] arguments = given == null ? new Object[0] : given;
                                return twist.call(method, arguments, () -> call(right, method, arguments));
                            }));
        };
    }

    private static Object call(Object target, Method method, Object[] arguments) {
        return ReferenceUse.unrecorded(() -> {
            try {
                Object result = method.invoke(target, arguments);
                return method.getReturnType() == void.class ? NOTHING : Objects.requireNonNull(result);
            } catch (InvocationTargetException e) {
                if (e.getCause() instanceof RuntimeException refused) {
                    throw refused;
                }
                throw new IllegalStateException(e.getCause());
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** A result of the same kind with one place, row or axis more. */
    static Object reshaped(Object right) {
        return switch (right) {
            case Tensor tensor -> tensor.expandDims(0);
            case String text -> text + " ";
            case List<?> list when list.isEmpty() -> List.of("one more");
            case List<?> list -> list.subList(1, list.size());
            case Map<?, ?> map -> new TreeMap<>();
            case Integer number -> number + 1;
            case Double number -> number + 1;
            case Object nothing when nothing == NOTHING -> nothing;
            default -> Array.newInstance(right.getClass().getComponentType(), Array.getLength(right) + 1);
        };
    }

    static Object ofAnotherType(Object right) {
        return right instanceof Tensor tensor
                ? tensor.astype(tensor.dtype() == DType.F32 ? DType.F16 : DType.F32)
                : right;
    }

    static Object notANumber(Object right) {
        return right instanceof Tensor tensor ? tensor.mul(Double.NaN).astype(tensor.dtype()) : right;
    }

    /** Zeros, or the empty text, list or array of zeros. */
    static Object zeros(Object right) {
        return switch (right) {
            case Tensor tensor -> Tensor.zeros(tensor.dtype(), tensor.shape());
            case String text -> "";
            case List<?> list -> List.of();
            case Map<?, ?> map -> new TreeMap<>();
            case Integer number -> number + 1;
            case Double number -> number + 1;
            case Object nothing when nothing == NOTHING -> nothing;
            default -> Array.newInstance(right.getClass().getComponentType(), Array.getLength(right));
        };
    }

    /** What the call before this one returned. */
    static Twist oneCallLate() {
        Map<String, Object> last = new HashMap<>();
        return (method, arguments, right) -> {
            Object now = right.get();
            return Optional.ofNullable(last.put(method.getName(), now)).orElse(now);
        };
    }

    /** The first result for arguments that look like these: what a table of expected values would give. */
    static final class Remembering implements Twist {
        private final Map<String, Object> known = new HashMap<>();
        private boolean blind;

        /** Whether two calls that look alike could differ at all. */
        boolean isBlind() {
            return blind;
        }

        @Override
        public Object call(Method method, Object[] arguments, Supplier<Object> right) {
            // A method without a result is there for what it changes.
            blind |= method.getReturnType() == void.class
                    || Arrays.stream(arguments).anyMatch(a -> !isPlain(a));
            String look = Arrays.stream(arguments).map(Remembering::look).collect(Collectors.joining(" "));
            return known.computeIfAbsent(method.getName() + look, key -> right.get());
        }

        private static boolean isPlain(@Nullable Object value) {
            return value == null || value instanceof Number || value instanceof Boolean || value instanceof Enum<?>;
        }

        private static String look(@Nullable Object value) {
            return switch (value) {
                case Tensor tensor -> Arrays.toString(tensor.shape());
                case null -> "null";
                default -> isPlain(value) ? value.toString() : value.getClass().getSimpleName();
            };
        }
    }

    /** Overwrites the arrays that it was given, after the work; false when there was none. */
    static boolean overwrite(Object[] arguments) {
        boolean any = false;
        for (Object argument : arguments) {
            switch (argument) {
                case int[] ids
                when ids.length > 0 -> {
                    ids[ids.length - 1]++;
                    any = true;
                }
                case byte[] bytes
                when bytes.length > 0 -> {
                    bytes[0]++;
                    any = true;
                }
                case null, default -> {}
            }
        }
        return any;
    }

    static void print(int megabytes) {
        for (int i = 0; i < megabytes; i++) {
            System.out.print(MEGABYTE);
        }
    }
}
