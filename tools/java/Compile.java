import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles the library and its tests for {@code ./lab test --quick}, with the plain compiler: what has not changed stays as it is.
 *
 * <p>Its one argument is a file of units, a line each, whose fields a tab divides: name, folder for the classes, class path, options
 * (divided by blanks), source folders and the units before it (each divided by commas), and a word that stands for all else that the
 * classes depend on. A unit is compiled again when one of its sources or what the units before it show to others has changed; bodies
 * of methods show nothing. A unit's name on a line of its own says that its classes are there. Exit code 1: something does not compile.
 */
public final class Compile {

    private record Unit(
            String name, Path out, String classPath, List<String> options, List<Path> sources, List<String> before, String rest) {

        static Unit of(String line) {
            String[] fields = line.split("\t", -1);
            return new Unit(
                    fields[0],
                    Path.of(fields[1]),
                    fields[2],
                    words(fields[3], " "),
                    words(fields[4], ",").stream().map(Path::of).toList(),
                    words(fields[5], ","),
                    fields[6]);
        }

        private static List<String> words(String field, String divider) {
            return Stream.of(field.split(divider)).filter(word -> !word.isEmpty()).toList();
        }

        /** What the unit is made of and what it shows to others, from when it was compiled last. */
        Path stamp() {
            return out.resolveSibling(out.getFileName() + ".stamp");
        }

        List<Path> files() throws IOException {
            List<Path> files = new ArrayList<>();
            for (Path folder : sources) {
                try (Stream<Path> found = Files.walk(folder)) {
                    found.filter(file -> file.toString().endsWith(".java")).sorted().forEach(files::add);
                }
            }
            return files;
        }
    }

    private static final JavaCompiler JAVAC = ToolProvider.getSystemJavaCompiler();

    private Compile() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, CompletableFuture<String>> shown = new LinkedHashMap<>();
        boolean good = true;
        try (ExecutorService two = Executors.newFixedThreadPool(2)) {
            for (String line : Files.readAllLines(Path.of(arguments[0]))) {
                Unit unit = Unit.of(line);
                List<CompletableFuture<String>> before = unit.before.stream().map(shown::get).toList();
                shown.put(
                        unit.name,
                        CompletableFuture.allOf(before.toArray(CompletableFuture[]::new))
                                .thenApplyAsync(done -> update(unit, before.stream().map(CompletableFuture::join).toList()), two));
            }
            for (CompletableFuture<String> unit : shown.values()) {
                good &= unit.handle((text, fault) -> fault == null).join();
            }
            shown.values().forEach(unit -> unit.exceptionally(Compile::tell).join());
        }
        System.exit(good ? 0 : 1);
    }

    /** What stopped a unit, unless it is a unit before it that told so itself. */
    private static String tell(Throwable fault) {
        Throwable cause = fault.getCause() == null ? fault : fault.getCause();
        if (!(cause instanceof Wrong)) {
            System.out.println("error: " + cause);
        }
        return "";
    }

    /** A source that the compiler refuses; it has said why. */
    private static final class Wrong extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** Brings a unit's classes up to date; returns a hash of what they show to others. */
    private static String update(Unit unit, List<String> before) {
        try {
            List<Path> files = unit.files();
            String wanted = madeOf(unit, files, before);
            if (Files.isDirectory(unit.out) && Files.exists(unit.stamp())) {
                List<String> last = Files.readAllLines(unit.stamp());
                if (last.size() == 2 && last.getFirst().equals(wanted)) {
                    System.out.println(unit.name);
                    return last.getLast();
                }
            }
            long begun = System.nanoTime();
            Files.deleteIfExists(unit.stamp());
            delete(unit.out);
            Files.createDirectories(unit.out);
            compile(unit, files);
            String shows = shown(unit.out);
            Files.writeString(unit.stamp(), wanted + "\n" + shows + "\n");
            System.out.printf("compiled %d files of %s in %.1f s%n", files.size(), unit.name, (System.nanoTime() - begun) / 1e9);
            System.out.println(unit.name);
            return shows;
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    private static void compile(Unit unit, List<Path> files) throws IOException {
        List<String> options = new ArrayList<>(unit.options);
        options.addAll(List.of("-d", unit.out.toString(), "-cp", unit.classPath, "-proc:none", "-nowarn", "-g"));
        try (StandardJavaFileManager manager = JAVAC.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            PrintWriter words = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
            boolean good = JAVAC.getTask(words, manager, null, options, null, manager.getJavaFileObjectsFromPaths(files))
                    .call();
            if (!good) {
                throw new Wrong();
            }
        }
    }

    private static String madeOf(Unit unit, List<Path> files, List<String> before) throws IOException {
        MessageDigest hash = sha256();
        add(hash, unit.classPath + unit.options + before + unit.rest + Runtime.version());
        for (Path file : files) {
            add(hash, file.toString());
            hash.update(Files.readAllBytes(file));
        }
        return HexFormat.of().formatHex(hash.digest());
    }

    /** A hash of what other classes are compiled against: all but private members, bodies and what is local to a method. */
    private static String shown(Path classes) throws IOException {
        TreeMap<String, String> types = new TreeMap<>();
        try (Stream<Path> found = Files.walk(classes)) {
            for (Path file : (Iterable<Path>) found.filter(path -> path.toString().endsWith(".class"))::iterator) {
                ClassModel type = ClassFile.of().parse(file);
                if (type.findAttribute(Attributes.enclosingMethod()).isEmpty()) {
                    types.put(type.thisClass().asInternalName(), describe(type));
                }
            }
        }
        MessageDigest hash = sha256();
        types.forEach((name, text) -> add(hash, name + text));
        return HexFormat.of().formatHex(hash.digest());
    }

    private static String describe(ClassModel type) {
        TreeMap<String, String> members = new TreeMap<>();
        type.fields().stream()
                .filter(field -> (field.flags().flagsMask() & ClassFile.ACC_PRIVATE) == 0)
                .forEach(field -> members.put(
                        field.fieldName() + ":" + field.fieldType(),
                        field.flags().flagsMask()
                                + field.findAttribute(Attributes.signature()).map(a -> a.signature().stringValue()).orElse("")
                                + field.findAttribute(Attributes.constantValue()).map(a -> a.constant().constantValue() + "").orElse("")));
        type.methods().stream()
                .filter(method -> (method.flags().flagsMask() & ClassFile.ACC_PRIVATE) == 0)
                .forEach(method -> members.put(
                        method.methodName() + "" + method.methodType(),
                        method.flags().flagsMask()
                                + method.findAttribute(Attributes.signature()).map(a -> a.signature().stringValue()).orElse("")
                                + method.findAttribute(Attributes.exceptions()).map(a -> a.exceptions().toString()).orElse("")
                                + method.findAttribute(Attributes.annotationDefault()).map(a -> a.defaultValue().toString()).orElse("")
                                + method.findAttribute(Attributes.deprecated()).isPresent()));
        return type.flags().flagsMask()
                + type.superclass().map(parent -> parent.asInternalName()).orElse("")
                + type.interfaces().stream().map(parent -> parent.asInternalName()).toList()
                + type.findAttribute(Attributes.signature()).map(a -> a.signature().stringValue()).orElse("")
                + type.findAttribute(Attributes.permittedSubclasses())
                        .map(a -> a.permittedSubclasses().stream().map(child -> child.asInternalName()).toList().toString())
                        .orElse("")
                + type.findAttribute(Attributes.record())
                        .map(a -> a.components().stream().map(part -> part.name() + ":" + part.descriptor()).toList().toString())
                        .orElse("")
                + type.findAttribute(Attributes.innerClasses())
                        .map(a -> a.classes().stream()
                                .filter(inner -> inner.outerClass().isPresent())
                                .map(inner -> inner.innerClass().asInternalName() + inner.flagsMask())
                                .sorted()
                                .toList()
                                .toString())
                        .orElse("")
                + members;
    }

    private static void delete(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> found = Files.walk(folder)) {
                for (Path path : found.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private static void add(MessageDigest hash, String text) {
        hash.update(text.getBytes(StandardCharsets.UTF_8));
        hash.update((byte) 0);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException(never);
        }
    }
}
