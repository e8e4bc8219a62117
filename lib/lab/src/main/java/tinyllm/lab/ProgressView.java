package tinyllm.lab;

import java.util.List;
import java.util.Locale;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.progress.Progress;
import tinyllm.lab.progress.Progress.Entry;
import tinyllm.lab.progress.Progress.State;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Rich;

/** All exercises and how far each is, as a table. */
record ProgressView(List<Exercise<?>> exercises, Progress progress, String notice) implements Rich {

    private static final String CELL =
            "padding:2px 10px;text-align:left;border-bottom:1px solid var(--jp-border-color2,#ccc)";

    @Override
    public String text() {
        StringBuilder out = new StringBuilder(headline()).append('\n');
        for (Exercise<?> exercise : exercises) {
            Entry entry = progress.entry(exercise.id());
            out.append("  %s %-20s %-16s %s%n"
                            .formatted(sign(entry), exercise.id(), words(entry), detail(entry))
                            .stripTrailing())
                    .append('\n');
        }
        return (out + notice).stripTrailing();
    }

    @Override
    public String html() {
        StringBuilder out = new StringBuilder("<p><strong>").append(headline()).append("</strong></p>");
        out.append("<table style=\"border-collapse:collapse\"><thead><tr>");
        for (String head : List.of("Exercise", "What", "State", "Attempts", "Hints", "Minutes")) {
            out.append("<th style=\"").append(CELL).append("\">").append(head).append("</th>");
        }
        out.append("</tr></thead><tbody>");
        for (Exercise<?> exercise : exercises) {
            Entry entry = progress.entry(exercise.id());
            out.append("<tr>");
            for (String cell : List.of(
                    exercise.id(),
                    exercise.title(),
                    sign(entry) + " " + words(entry),
                    number(entry.attempts()),
                    number(entry.hints()),
                    minutes(entry))) {
                out.append("<td style=\"")
                        .append(CELL)
                        .append("\">")
                        .append(Html.escape(cell))
                        .append("</td>");
            }
            out.append("</tr>");
        }
        out.append("</tbody></table>");
        return notice.isEmpty() ? out.toString() : out + "<p>" + Html.escape(notice) + "</p>";
    }

    private String headline() {
        long solved = exercises.stream()
                .filter(e -> progress.entry(e.id()).state() == State.SOLVED)
                .count();
        return solved + " of " + exercises.size() + " exercises solved";
    }

    private static String sign(Entry entry) {
        return switch (entry.state()) {
            case SOLVED -> "✔";
            case LIBRARY -> "◐";
            case TRIED -> "✘";
            case UNTRIED -> "○";
        };
    }

    private static String words(Entry entry) {
        return switch (entry.state()) {
            case SOLVED -> entry.solutionShown() ? "solved, solution seen" : "solved";
            case LIBRARY -> "the library's own";
            case TRIED -> "not right yet";
            case UNTRIED -> "not tried yet";
        };
    }

    private static String detail(Entry entry) {
        String minutes = minutes(entry);
        return entry.attempts() == 0
                ? ""
                : entry.attempts() + " attempts, " + entry.hints() + " hints"
                        + (minutes.isEmpty() ? "" : ", " + minutes + " min");
    }

    private static String minutes(Entry entry) {
        return entry.solvedAt() == 0
                ? ""
                : String.format(Locale.ROOT, "%.0f", (entry.solvedAt() - entry.firstTriedAt()) / 60_000.0);
    }

    private static String number(int n) {
        return n == 0 ? "" : Integer.toString(n);
    }
}
