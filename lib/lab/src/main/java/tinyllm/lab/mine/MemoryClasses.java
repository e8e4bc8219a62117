package tinyllm.lab.mine;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;

/** Class files that a compilation leaves in memory, and loaders for them. For one thread at a time. */
public final class MemoryClasses {

    private final Map<String, byte[]> classes = new HashMap<>();

    /** The compiler's file manager: reads as {@code files} does, keeps here what it writes. */
    public JavaFileManager over(JavaFileManager files) {
        return new ForwardingJavaFileManager<>(files) {
            @Override
            public JavaFileObject getJavaFileForOutput(
                    Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
                return output(name, kind);
            }
        };
    }

    private JavaFileObject output(String name, JavaFileObject.Kind kind) {
        return new SimpleJavaFileObject(URI.create("memory:///" + name.replace('.', '/') + kind.extension), kind) {
            @Override
            public OutputStream openOutputStream() {
                return new ByteArrayOutputStream() {
                    @Override
                    public void close() {
                        classes.put(name, toByteArray());
                    }
                };
            }
        };
    }

    /**
     * A new loader, under this library's own, for those of the classes whose names pass; each call makes classes of their own.
     *
     * @param names tells by the full name, such as {@code p.Answer$Row}
     */
    public ClassLoader loader(Predicate<String> names) {
        Map<String, byte[]> chosen = new HashMap<>(classes);
        chosen.keySet().removeIf(names.negate());
        return new Loader(chosen);
    }

    private static final class Loader extends ClassLoader {
        private final Map<String, byte[]> classes;

        Loader(Map<String, byte[]> classes) {
            super(MemoryClasses.class.getClassLoader());
            this.classes = classes;
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            byte[] bytes = classes.get(name);
            if (bytes == null) {
                throw new ClassNotFoundException(name);
            }
            return defineClass(name, bytes, 0, bytes.length);
        }
    }
}
