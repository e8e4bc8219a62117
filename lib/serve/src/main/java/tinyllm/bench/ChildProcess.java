package tinyllm.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Runs a program to its end and reads the JSON object in its last line of output; it dies with this process. */
final class ChildProcess {

    private static final JsonMapper MAPPER = new JsonMapper();

    private ChildProcess() {}

    /**
     * @param environment added to this process's
     * @throws IOException when the program fails, with the end of what it wrote
     */
    static String run(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        Path errors = Files.createTempFile("tinyllm-bench", ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        Thread reaper = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(reaper);
        try {
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(command.getFirst() + " ended with " + code(process.exitValue()) + tail(errors));
            }
            return output;
        } finally {
            process.destroyForcibly();
            Runtime.getRuntime().removeShutdownHook(reaper);
            Files.deleteIfExists(errors);
        }
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> json(List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException {
        String output = run(command, environment);
        try {
            return MAPPER.readValue(output.lines().reduce("", (a, b) -> b), Map.class);
        } catch (JacksonException e) {
            throw new IOException(command.getFirst() + " printed no JSON object: " + output.strip(), e);
        }
    }

    /** A program that a signal ended says nothing itself: 4 is an illegal instruction, 9 a lack of memory, 11 a bad address. */
    private static String code(int code) {
        return code > 128 ? "signal " + (code - 128) + ": " : "code " + code + ": ";
    }

    /** The last lines that say something; empty when there is none. */
    static String tail(Path log) throws IOException {
        List<String> lines =
                Files.readAllLines(log).stream().filter(l -> !l.isBlank()).toList();
        return String.join(" / ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
    }
}
