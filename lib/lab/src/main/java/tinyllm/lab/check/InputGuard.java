package tinyllm.lab.check;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stands before a learner's object and sees whether a call changes the arrays, lists and maps that it is given: the caller goes
 * on using them. Each case makes its inputs anew, so the check itself takes no harm.
 */
final class InputGuard implements InvocationHandler {

    private final Object target;
    private @Nullable String changed;

    private InputGuard(Object target) {
        this.target = target;
    }

    static InputGuard before(Object target) {
        return new InputGuard(target);
    }

    /** The guarded object; the object itself where the contract is no interface. */
    <T> T as(Class<T> contract) {
        return contract.cast(
                contract.isInterface()
                        ? Proxy.newProxyInstance(contract.getClassLoader(), new Class<?>[] {contract}, this)
                        : target);
    }

    /** What was changed since the last question, as a sentence. */
    Optional<String> changed() {
        Optional<String> found = Optional.ofNullable(changed);
        changed = null;
        return found;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        method.setAccessible(true); // the interface may be a test's own
        Object[] given = arguments == null ? new Object[0] : arguments;
        Object[] before = new Object[given.length];
        for (int i = 0; i < given.length; i++) {
            before[i] = copy(given[i]);
        }
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw Objects.requireNonNull(e.getCause());
        } finally {
            for (int i = 0; i < given.length && changed == null; i++) {
                changed = difference(method.getParameters()[i].getName(), before[i], given[i]);
            }
        }
    }

    /** A copy of what can be changed; null for all else. */
    private static @Nullable Object copy(@Nullable Object value) {
        return switch (value) {
            case List<?> list -> new ArrayList<>(list);
            case Map<?, ?> map -> new LinkedHashMap<>(map);
            case null -> null;
            default -> value.getClass().isArray() ? copyOfArray(value) : null;
        };
    }

    private static Object copyOfArray(Object array) {
        int length = Array.getLength(array);
        Object copy = Array.newInstance(array.getClass().getComponentType(), length);
        boolean nested = array.getClass().getComponentType().isArray();
        for (int i = 0; i < length && nested; i++) {
            Object part = Array.get(array, i);
            Array.set(copy, i, part == null ? null : copyOfArray(part));
        }
        if (!nested) {
            System.arraycopy(array, 0, copy, 0, length);
        }
        return copy;
    }

    private static @Nullable String difference(String name, @Nullable Object before, @Nullable Object after) {
        if (before == null || after == null || Objects.deepEquals(before, after)) {
            return null;
        }
        return "The result is right, but the answer changes what it was given: " + place(name, before, after)
                + " The caller goes on using it, so work on a copy.";
    }

    private static String place(String name, Object before, Object after) {
        if (before.getClass().isArray()) {
            for (int i = 0; i < Array.getLength(before); i++) {
                Object was = Array.get(before, i);
                Object is = Array.get(after, i);
                if (!Objects.deepEquals(was, is)) {
                    boolean nested = was != null && was.getClass().isArray();
                    return nested && is != null
                            ? place(name + "[" + i + "]", was, is)
                            : name + "[" + i + "] was " + was + " and is " + is + " now.";
                }
            }
        }
        return name + " was " + Values.cut(before) + " and is " + Values.cut(after) + " now.";
    }
}
