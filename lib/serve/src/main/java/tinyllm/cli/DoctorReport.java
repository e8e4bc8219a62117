package tinyllm.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import tinyllm.bench.Machine;

/** The doctor's findings as Markdown for an issue: nothing in it says whose machine this is. */
final class DoctorReport {

    private DoctorReport() {}

    static String of(List<Check> checks, Machine machine, Redaction redaction) {
        StringBuilder out = new StringBuilder("### Tiny LLM Lab, `./lab doctor --report`\n\n");
        out.append("| | check | found | what to do |\n|---|---|---|---|\n");
        for (Check check : checks) {
            String mark = switch (check.verdict()) {
                case OK -> "ok";
                case LESS -> "less";
                case MISSING -> "**missing**";
            };
            String advice = check.advice() == null ? "" : check.advice();
            out.append("| ")
                    .append(mark)
                    .append(" | ")
                    .append(check.name())
                    .append(" | ")
                    .append(cell(check.found()))
                    .append(" | ")
                    .append(cell(advice))
                    .append(" |\n");
        }
        out.append("\n- lab: ").append(version()).append('\n');
        out.append("- system: ").append(machine.system()).append('\n');
        out.append("- JDK: ").append(machine.jdk()).append('\n');
        out.append("- cores: ").append(machine.cores()).append(", load: ");
        out.append(Machine.load() < 0 ? "unknown" : String.format(Locale.ROOT, "%.1f", Machine.load()));
        return redaction.apply(out.append('\n').toString());
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("\n", " ");
    }

    /** The clone's commit. */
    private static String version() {
        String root = System.getenv("TINYLLM_ROOT");
        if (root == null) {
            return "outside of a clone";
        }
        try {
            Process process = new ProcessBuilder("git", "-C", root, "log", "-1", "--format=%h of %cs")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().close();
            String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 && !line.isEmpty() ? "commit " + line : unknown(root);
        } catch (IOException e) {
            return unknown(root);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return unknown(root);
        }
    }

    private static String unknown(String root) {
        return Files.exists(Path.of(root, ".git")) ? "a clone whose commit git does not tell" : "a folder without git";
    }
}
