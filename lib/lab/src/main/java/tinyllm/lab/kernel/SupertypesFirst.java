package tinyllm.lab.kernel;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.reflect.Field;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import jdk.jshell.JShell;
import jdk.jshell.spi.ExecutionControl;
import org.jspecify.annotations.Nullable;

/**
 * An execution control that hands JShell's classes on with every class behind those that it extends or implements.
 *
 * <p>JShell sends a class and its subclasses in one batch, in the order of a hash set. JJava defines each by its name;
 * a subclass that comes first draws its superclass in, and that one's own turn then fails as a duplicate. JShell keeps
 * the old class in such a case and says nothing: every later edit of it would be lost.
 */
final class SupertypesFirst implements ExecutionControl {

    private final ExecutionControl inner;
    private final Consumer<String> warn;

    SupertypesFirst(ExecutionControl inner, Consumer<String> warn) {
        this.inner = inner;
        this.warn = warn;
    }

    /**
     * Puts itself between a shell and the control that it has; JShell offers no way but its field.
     *
     * @param warn gets a sentence when a cell's classes could not be loaded
     * @throws ReflectiveOperationException if this JDK keeps the control elsewhere
     */
    static void putInto(JShell shell, Consumer<String> warn) throws ReflectiveOperationException {
        Field field = JShell.class.getDeclaredField("executionControl");
        field.setAccessible(true);
        if (field.get(shell) instanceof ExecutionControl control && !(control instanceof SupertypesFirst)) {
            field.set(shell, new SupertypesFirst(control, warn));
        }
    }

    /** The same classes, each behind its supertypes as far as they are among them, otherwise in their order. */
    static ClassBytecodes[] sorted(ClassBytecodes[] classes) {
        Map<String, ClassBytecodes> open = new LinkedHashMap<>();
        for (ClassBytecodes each : classes) {
            open.put(each.name(), each);
        }
        Set<ClassBytecodes> sorted = new LinkedHashSet<>();
        for (ClassBytecodes each : classes) {
            place(each.name(), open, sorted);
        }
        return sorted.toArray(ClassBytecodes[]::new);
    }

    private static void place(String name, Map<String, ClassBytecodes> open, Set<ClassBytecodes> sorted) {
        @Nullable ClassBytecodes one = open.remove(name);
        if (one == null) {
            return;
        }
        ClassModel model = ClassFile.of().parse(one.bytecodes());
        model.superclass().ifPresent(type -> place(binaryName(type), open, sorted));
        model.interfaces().forEach(type -> place(binaryName(type), open, sorted));
        sorted.add(one);
    }

    private static String binaryName(ClassEntry type) {
        return type.asInternalName().replace('/', '.');
    }

    @Override
    public void load(ClassBytecodes[] classes)
            throws ClassInstallException, NotImplementedException, EngineTerminationException {
        try {
            inner.load(sorted(classes));
        } catch (ClassInstallException problem) {
            warn.accept(
                    "The kernel could not load this cell's classes and may go on with the old ones (%s): restart it."
                            .formatted(problem.getMessage()));
            throw problem;
        }
    }

    @Override
    public void redefine(ClassBytecodes[] classes)
            throws ClassInstallException, NotImplementedException, EngineTerminationException {
        inner.redefine(classes);
    }

    @Override
    public String invoke(String className, String methodName)
            throws RunException, EngineTerminationException, InternalException {
        return inner.invoke(className, methodName);
    }

    @Override
    public String varValue(String className, String varName)
            throws RunException, EngineTerminationException, InternalException {
        return inner.varValue(className, varName);
    }

    @Override
    public void addToClasspath(String path) throws EngineTerminationException, InternalException {
        inner.addToClasspath(path);
    }

    @Override
    public void stop() throws EngineTerminationException, InternalException {
        inner.stop();
    }

    @Override
    public Object extensionCommand(String command, Object arg)
            throws RunException, EngineTerminationException, InternalException {
        return inner.extensionCommand(command, arg);
    }

    @Override
    public void close() {
        inner.close();
    }
}
