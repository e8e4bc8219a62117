package tinyllm.lab;

import java.util.List;
import java.util.Locale;
import tinyllm.engine.StepReport;
import tinyllm.lab.view.Rich;

/** One step of an engine as a notebook shows it: a row for each slot that is taken, its tokens and its pages as blocks. */
public final class StepView {
    private static final String PREFILL = "#d55e00";
    private static final String DECODE = "#0072b2";
    private static final String IDLE = "#999999";
    private static final int MOST_BLOCKS = 64;

    private StepView() {}

    /** The picture of a step; as text what the report prints. */
    public static Rich of(StepReport report) {
        String html = html(report);
        return new Rich() {
            @Override
            public String text() {
                return report.toString();
            }

            @Override
            public String html() {
                return html;
            }
        };
    }

    private static String html(StepReport report) {
        StringBuilder html =
                new StringBuilder("<table style=\"border-collapse:collapse\"><caption style=\"text-align:left\">");
        html.append(caption(report)).append("</caption><tr>");
        for (String head : List.of("slot", "request", "work", "computed", "pages")) {
            html.append("<th style=\"text-align:left;padding:0 1em 0 0\">")
                    .append(head)
                    .append("</th>");
        }
        html.append("</tr>");
        report.rows().forEach(row -> html.append(row(row)));
        return html.append("</table>").append(notes(report)).toString();
    }

    private static String caption(StepReport report) {
        StepReport.Pages pages = report.pages();
        return String.format(
                Locale.ROOT,
                "Step %d: %d decode rows and %d prefill tokens in %.1f ms; %d requests wait; pages: %d used (%d shared), %d kept,"
                        + " %d free",
                report.step(),
                report.decodeRows(),
                report.prefillTokens(),
                report.phases().seconds() * 1e3,
                report.waiting(),
                pages.used(),
                pages.shared(),
                pages.idle(),
                pages.free());
    }

    private static String row(StepReport.Row row) {
        String color = switch (row.work()) {
            case PREFILL -> PREFILL;
            case DECODE -> DECODE;
            case IDLE -> IDLE;
        };
        String work = row.work().name().toLowerCase(Locale.ROOT) + (row.tokens() > 0 ? " " + row.tokens() : "");
        String known = row.knownTokens() > 0 ? " (" + row.knownTokens() + " known)" : "";
        return "<tr>"
                + cell(row.slot() + "", "")
                + cell(row.request() + "", "")
                + cell(work + known, "color:" + color + ";font-weight:bold")
                + cell(row.computed() + "", "")
                + cell(blocks(row.pages()), "color:" + color)
                + "</tr>";
    }

    private static String blocks(int pages) {
        return "▪".repeat(Math.min(MOST_BLOCKS, pages)) + (pages > MOST_BLOCKS ? " " + pages : "");
    }

    private static String cell(String text, String style) {
        return "<td style=\"text-align:left;padding:0 1em 0 0;" + style + "\">" + text + "</td>";
    }

    private static String notes(StepReport report) {
        StringBuilder notes = new StringBuilder();
        report.admitted().forEach(id -> notes.append("request ").append(id).append(" joined; "));
        report.preempted()
                .forEach(id -> notes.append("request ").append(id).append(" was preempted and waits again; "));
        report.ended()
                .forEach(end -> notes.append("request ")
                        .append(end.request())
                        .append(" ended: ")
                        .append(end.reason().word())
                        .append("; "));
        return notes.isEmpty() ? "" : "<p>" + notes.substring(0, notes.length() - 2) + "</p>";
    }
}
