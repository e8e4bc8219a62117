package tinyllm.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** The environment that native code sees; Java's own is a copy from the start of the process, and read-only. */
final class NativeEnvironment {
    private static final Linker LINKER = Linker.nativeLinker();

    private NativeEnvironment() {}

    /** Sets a variable that is not set. */
    static void setDefault(String name, String value) {
        try (Arena arena = Arena.ofConfined()) {
            int failed = (int) function("setenv", ValueLayout.JAVA_INT, 2, ValueLayout.JAVA_INT)
                    .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
            if (failed != 0) {
                throw new IllegalStateException("the environment variable " + name + " can't be set to " + value);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    static @Nullable String get(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found =
                    (MemorySegment) function("getenv", ValueLayout.ADDRESS, 1).invokeExact(arena.allocateFrom(name));
            return found.equals(MemorySegment.NULL)
                    ? null
                    : found.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    // A function of C's library: so many texts, then the rest.
    private static MethodHandle function(
            String name, java.lang.foreign.MemoryLayout result, int texts, java.lang.foreign.MemoryLayout... rest) {
        FunctionDescriptor shape = FunctionDescriptor.of(result);
        for (int i = 0; i < texts; i++) {
            shape = shape.appendArgumentLayouts(ValueLayout.ADDRESS);
        }
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), shape.appendArgumentLayouts(rest));
    }
}
