package tinyllm.lab.check;

import java.util.List;
import tinyllm.lab.check.CheckResult.Row;
import tinyllm.lab.view.Html;

/** A check's table, as text and as HTML. Every foreign text is escaped: case names, messages, printed output. */
final class CheckView {

    private static final String CELL =
            "padding:2px 10px;text-align:left;border-bottom:1px solid var(--jp-border-color2,#ccc)";

    private CheckView() {}

    static String text(CheckResult r) {
        StringBuilder out = new StringBuilder(headline(r)).append('\n');
        int width = r.rows().stream().mapToInt(row -> row.name().length()).max().orElse(0);
        if (!r.rows().isEmpty() && !untouched(r)) {
            out.append("    ")
                    .append(pad("case", width))
                    .append("  ")
                    .append(pad("result", 20))
                    .append("  largest error\n");
        }
        for (Row row : untouched(r) ? List.<Row>of() : r.rows()) {
            out.append("  ")
                    .append(row.outcome().sign())
                    .append(' ')
                    .append(pad(row.name(), width))
                    .append("  ")
                    .append(pad(row.shape() + " " + row.dtype(), 20))
                    .append("  ")
                    .append(pad(error(row), 12))
                    .append(row.outcome().words())
                    .append('\n');
        }
        if (!r.message().isEmpty()) {
            out.append(r.message()).append('\n');
        }
        Comparison.of(r.wrong())
                .ifPresent(c -> out.append(ComparisonView.text(c)).append('\n'));
        if (!next(r).isEmpty()) {
            out.append(next(r)).append('\n');
        }
        if (!r.printed().isEmpty()) {
            out.append("Printed by the answer:\n").append(r.printed()).append('\n');
        }
        return out.toString().stripTrailing();
    }

    static String html(CheckResult r) {
        StringBuilder out = new StringBuilder("<div style=\"color:var(--jp-content-font-color1,#111)\">");
        out.append("<p style=\"margin:4px 0\"><strong style=\"color:")
                .append(color(r.outcome()))
                .append("\">")
                .append(r.outcome().sign())
                .append(' ')
                .append(Html.escape(r.id()))
                .append(": ")
                .append(r.outcome().words())
                .append("</strong> · ")
                .append(Html.escape(r.title()))
                .append(counts(r))
                .append("</p>");
        if (!r.rows().isEmpty() && !untouched(r)) {
            table(r, out);
        }
        if (!r.message().isEmpty()) {
            paragraph(r.message(), out);
        }
        Comparison.of(r.wrong()).ifPresent(c -> out.append(ComparisonView.html(c)));
        if (!next(r).isEmpty()) {
            paragraph(next(r), out);
        }
        if (!r.printed().isEmpty()) {
            out.append("<details><summary>Printed by the answer</summary><pre>")
                    .append(Html.escape(r.printed()))
                    .append("</pre></details>");
        }
        return out.append("</div>").toString();
    }

    private static void table(CheckResult r, StringBuilder out) {
        out.append("<table style=\"border-collapse:collapse;margin:4px 0\"><thead><tr>");
        for (String head : new String[] {"Case", "Shape", "Type", "Largest error", "Verdict"}) {
            out.append("<th style=\"").append(CELL).append("\">").append(head).append("</th>");
        }
        out.append("</tr></thead><tbody>");
        for (Row row : r.rows()) {
            out.append("<tr>");
            cell(row.name(), out);
            cell(row.shape(), out);
            cell(row.dtype(), out);
            cell(error(row), out);
            out.append("<td style=\"")
                    .append(CELL)
                    .append(";white-space:nowrap;color:")
                    .append(color(row.outcome()))
                    .append("\" title=\"")
                    .append(Html.escape(row.message()))
                    .append("\">")
                    .append(row.outcome().sign())
                    .append(' ')
                    .append(row.outcome().words())
                    .append("</td></tr>");
        }
        out.append("</tbody></table>");
    }

    private static void cell(String text, StringBuilder out) {
        out.append("<td style=\"")
                .append(CELL)
                .append("\">")
                .append(Html.escape(text))
                .append("</td>");
    }

    private static void paragraph(String text, StringBuilder out) {
        out.append("<p style=\"margin:4px 0;white-space:pre-line\">")
                .append(Html.escape(text))
                .append("</p>");
    }

    private static String headline(CheckResult r) {
        return r.outcome().sign() + " " + r.id() + ": " + r.outcome().words() + " · " + r.title() + counts(r);
    }

    private static String counts(CheckResult r) {
        long right = r.rows().stream()
                .filter(row -> row.outcome() == Outcome.CORRECT)
                .count();
        return r.rows().isEmpty() || untouched(r)
                ? ""
                : " · " + right + " of " + r.rows().size() + " cases agree";
    }

    /** A stub whose first call ended in todo: there is nothing to tell case by case. */
    private static boolean untouched(CheckResult r) {
        return r.outcome() == Outcome.NOT_ATTEMPTED
                && r.rows().stream().allMatch(row -> row.outcome() == Outcome.NOT_ATTEMPTED);
    }

    /** What to do next. */
    private static String next(CheckResult r) {
        return switch (r.outcome()) {
            case CORRECT -> "";
            case NOT_ATTEMPTED ->
                "Write it in the cell above, run that cell, then this one. A first hint: hint(\"" + r.id() + "\")";
            case TIMED_OUT, STOPPED, UNCHECKABLE, LIBRARY -> "";
            case INCORRECT, CRASHED -> "For a hint run hint(\"" + r.id() + "\")";
        };
    }

    private static String error(Row row) {
        return Double.isNaN(row.maxError()) ? "" : Values.format(row.maxError());
    }

    /** Okabe and Ito's colours: told apart by every eye, and never the only sign. */
    private static String color(Outcome outcome) {
        return switch (outcome) {
            case CORRECT -> "#009E73";
            case LIBRARY, NOT_ATTEMPTED, STOPPED, UNCHECKABLE -> "#0072B2";
            case INCORRECT, CRASHED, TIMED_OUT -> "#D55E00";
        };
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
