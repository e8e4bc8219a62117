package tinyllm.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.grade.Finding;
import tinyllm.lab.grade.Grader.Graded;
import tinyllm.lab.grade.Guard;
import tinyllm.lab.grade.Mark;

/** What checks found, as JSON and as a table. */
final class CheckReport {

    private CheckReport() {}

    static Map<String, Object> json(Guard.Report report) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("correct", report.count(Mark.CORRECT));
        json.put("total", report.findings().size());
        json.put("exercises", report.findings().stream().map(Finding::json).toList());
        return json;
    }

    static Map<String, Object> json(Graded graded) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        String problem = graded.report().problem();
        json.put("notebook", graded.notebook().toString());
        json.put("problem", problem.isEmpty() ? null : problem);
        json.putAll(json(graded.report()));
        return json;
    }

    /** Each notebook with its exercises, then one line for each. */
    static void print(PrintWriter out, List<Graded> all) {
        int width = all.stream()
                .mapToInt(graded -> graded.notebook().toString().length())
                .max()
                .orElse(0);
        for (Graded graded : all) {
            out.println(graded.notebook());
            if (!graded.report().problem().isEmpty()) {
                out.println("  ? cannot be checked: " + graded.report().problem());
            }
            graded.report().findings().forEach(finding -> print(out, finding, false));
            out.println();
        }
        for (Graded graded : all) {
            out.printf("%-" + width + "s  %s%n", graded.notebook(), summary(graded));
        }
    }

    private static String summary(Graded graded) {
        Guard.Report report = graded.report();
        if (!report.problem().isEmpty() && report.findings().isEmpty()) {
            return "cannot be checked";
        }
        String others = Arrays.stream(Mark.values())
                .filter(mark -> mark != Mark.CORRECT && report.count(mark) > 0)
                .map(mark -> report.count(mark) + " " + mark.words())
                .reduce("", (a, b) -> a + ", " + b);
        return report.count(Mark.CORRECT) + " of " + report.findings().size() + " correct" + others;
    }

    /** One exercise; with its cases where something is wrong and they are asked for. */
    static void print(PrintWriter out, Finding finding, boolean cases) {
        Mark mark = finding.mark();
        String message = finding.message().isEmpty() || mark == Mark.NOT_ATTEMPTED ? "" : ": " + finding.message();
        out.printf("  %s %-22s %s%s%n", mark.sign(), finding.id(), mark.words(), message);
        if (cases && mark != Mark.CORRECT) {
            finding.cases().forEach(row -> out.printf("      %-44s %s%n", row.name(), row.verdict()));
        }
    }
}
