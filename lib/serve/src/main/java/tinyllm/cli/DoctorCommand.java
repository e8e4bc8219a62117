package tinyllm.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What this machine has, and what to do about each lack. */
@Command(
        name = "doctor",
        description =
                "What this machine has, what is missing, and what to do about each lack. Exit code 1: something is missing.")
final class DoctorCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Option(
            names = "--scan",
            paramLabel = "MODEL",
            description = "look for NaN and infinity in every tensor of a model")
    private @Nullable String scan;

    @Option(
            names = "--report",
            description = "print Markdown to paste into an issue, without home folders, user and host names")
    private boolean report;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    DoctorCommand() {}

    @Override
    public Integer call() {
        if (scan != null && report) {
            throw CommandException.wrongUsage("--scan and --report are two things: give one of them");
        }
        return scan == null ? diagnose() : scan(scan);
    }

    private int diagnose() {
        Diagnosis diagnosis = new Diagnosis();
        List<Check> checks = diagnosis.checks();
        boolean healthy = checks.stream().noneMatch(c -> c.verdict() == Check.Verdict.MISSING);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("healthy", healthy);
        json.put("checks", checks.stream().map(Check::json).toList());
        json.put("machine", diagnosis.machine().json());
        if (report) {
            String markdown = DoctorReport.of(checks, diagnosis.machine(), Redaction.here());
            output.result(Map.of("healthy", healthy, "report", markdown), out -> out.print(markdown));
        } else {
            output.result(json, out -> table(out, checks));
        }
        return healthy ? 0 : CommandException.FAILED;
    }

    private static void table(PrintWriter out, List<Check> checks) {
        for (Check check : checks) {
            String mark = switch (check.verdict()) {
                case OK -> "ok     ";
                case LESS -> "less   ";
                case MISSING -> "MISSING";
            };
            out.printf("%s  %-13s %s%n", mark, check.name(), check.found());
            if (check.advice() != null) {
                out.printf("         %-13s → %s%n", "", check.advice());
            }
        }
    }

    private int scan(String model) {
        Scan found = ModelOptions.reading(model, () -> Scan.of(model));
        output.result(found.json(), found::print);
        return found.bad().isEmpty() ? 0 : CommandException.FAILED;
    }
}
