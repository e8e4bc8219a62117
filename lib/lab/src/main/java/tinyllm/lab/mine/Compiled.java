package tinyllm.lab.mine;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A kept answer's classes, in memory. Nothing of the learner's runs before {@link #answer} is asked for its object. */
public final class Compiled {

    private static final long LIMIT = 1 << 20;

    private final String name;
    private final MemoryClasses classes;

    private Compiled(String name, MemoryClasses classes) {
        this.name = name;
        this.classes = classes;
    }

    /** An answer that can't be made into an object; the message is a sentence's rest. */
    public static final class Broken extends Exception {
        private static final long serialVersionUID = 1;

        Broken(String why) {
            super(why);
        }
    }

    /**
     * Compiles a file of the learner's folder.
     *
     * @throws Broken when it can't be read or does not compile, with the first error and its line
     */
    public static Compiled file(Path file) throws Broken {
        String source;
        try {
            if (Files.size(file) > LIMIT) {
                throw new Broken(file.getFileName() + " has more than " + LIMIT + " bytes");
            }
            source = Files.readString(file);
        } catch (MalformedInputException e) {
            throw new Broken(file.getFileName() + " is no UTF-8 text");
        } catch (IOException e) {
            throw new Broken(file.getFileName() + " can't be read: " + e);
        }
        return source(file.getFileName().toString().replaceFirst("\\.java$", ""), source);
    }

    static Compiled source(String name, String source) throws Broken {
        try (Javac javac = new Javac()) {
            Javac.Job job = javac.job(name, source);
            if (!job.task().call() || job.failed()) {
                throw new Broken("it does not compile: " + job.firstError());
            }
            return new Compiled(name, job.classes());
        }
    }

    /**
     * Makes the learner's object: loads the class, runs its static initializers and the answer's supplier. Runs the learner's code, so
     * call it where that is guarded.
     *
     * @throws IllegalStateException when the class has no public {@code ANSWER}; whatever the learner's code throws
     */
    public Object answer() {
        try {
            Class<?> type = Class.forName(name, true, classes.loader(any -> true));
            Field field = type.getDeclaredField(KeptSource.ANSWER);
            field.setAccessible(true);
            return ((Supplier<?>) field.get(null)).get();
        } catch (ClassNotFoundException | NoSuchFieldException | IllegalAccessException | ClassCastException e) {
            throw new IllegalStateException(
                    "the file must hold a class " + name + " with \"public static final Supplier<…> "
                            + KeptSource.ANSWER + "\", which makes the answer",
                    e);
        } catch (ExceptionInInitializerError e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }
}
