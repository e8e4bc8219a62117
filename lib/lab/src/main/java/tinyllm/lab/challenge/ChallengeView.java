package tinyllm.lab.challenge;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import tinyllm.lab.challenge.ChallengeResult.Row;
import tinyllm.lab.challenge.Launcher.Counts;
import tinyllm.lab.view.Html;

/** A contest as a table: the fastest first, those without a place last, each with a reason. */
record ChallengeView(ChallengeResult result) {

    private static final String CELL =
            "padding:2px 10px;border-bottom:1px solid var(--jp-border-color2,#ccc);text-align:";
    private static final int BAR = 24;

    String text() {
        StringBuilder out = new StringBuilder(headline()).append('\n');
        List<List<String>> table = new ArrayList<>(List.of(heads()));
        placed().forEach(row -> table.add(cells(row)));
        int columns = heads().size();
        int[] widths = new int[columns];
        table.forEach(line -> {
            for (int c = 0; c < columns; c++) {
                widths[c] = Math.max(widths[c], line.get(c).length());
            }
        });
        for (List<String> line : table) {
            StringBuilder text = new StringBuilder(" ");
            for (int c = 0; c < columns; c++) {
                String pad = " ".repeat(widths[c] - line.get(c).length());
                text.append(' ').append(c == 0 || c == columns - 1 ? line.get(c) + pad : pad + line.get(c));
                text.append(' ');
            }
            out.append(text.toString().stripTrailing()).append('\n');
        }
        missing()
                .forEach(row -> out.append("  – ")
                        .append(row.name())
                        .append(": no place. ")
                        .append(row.problem())
                        .append('\n'));
        notes().forEach(note -> out.append(note).append('\n'));
        return out.toString().stripTrailing();
    }

    String html() {
        StringBuilder out = new StringBuilder("<p style=\"margin:4px 0\"><strong>")
                .append(Html.escape(headline()))
                .append("</strong></p><table style=\"border-collapse:collapse\"><thead><tr>");
        line(heads(), "th", false, out);
        out.append("</thead><tbody>");
        for (Row row : placed()) {
            out.append("<tr>");
            line(cells(row), "td", row.yours(), out);
        }
        out.append("</tbody></table>");
        missing().forEach(row -> paragraph("– " + row.name() + ": no place. " + row.problem(), out));
        notes().forEach(note -> paragraph(note, out));
        return out.toString();
    }

    private static void line(List<String> cells, String tag, boolean strong, StringBuilder out) {
        for (int c = 0; c < cells.size(); c++) {
            boolean left = c == 0 || c == cells.size() - 1;
            out.append('<').append(tag).append(" style=\"").append(CELL).append(left ? "left" : "right");
            out.append(strong ? ";font-weight:bold\">" : "\">").append(Html.escape(cells.get(c)));
            out.append("</").append(tag).append('>');
        }
        out.append("</tr>");
    }

    private static void paragraph(String text, StringBuilder out) {
        out.append("<p style=\"margin:4px 0;white-space:pre-line\">")
                .append(Html.escape(text))
                .append("</p>");
    }

    private String headline() {
        return "Challenge " + result.id() + " · " + result.title()
                + (result.size().isEmpty() ? "" : " · " + result.size());
    }

    private boolean byTime() {
        return result.unit().equals("ms");
    }

    private List<String> heads() {
        List<String> heads = new ArrayList<>(List.of("way", byTime() ? "median ms" : "transactions", "× naive"));
        if (!byTime()) {
            heads.addAll(List.of("device kB", "threadgroup bytes", "barriers", "launches"));
        } else if (result.fewestBytes() > 0) {
            heads.add("GB/s");
        }
        heads.add("");
        return heads;
    }

    private List<String> cells(Row row) {
        List<String> cells = new ArrayList<>(List.of(row.name(), byTime() ? number(row.value()) : whole(row.value())));
        cells.add(naive() > 0 ? number(naive() / row.value()) : "");
        Counts counts = row.counts();
        if (counts != null) {
            cells.addAll(List.of(
                    number(counts.deviceBytes() / 1e3),
                    whole(counts.threadgroupBytes()),
                    whole(counts.barriers()),
                    whole(counts.launches())));
        } else if (byTime() && result.fewestBytes() > 0) {
            cells.add(number(result.fewestBytes() / row.value() / 1e6));
        }
        double most = placed().stream().mapToDouble(Row::value).max().orElse(1);
        cells.add("█".repeat((int) Math.max(1, Math.round(BAR * row.value() / most))));
        return cells;
    }

    private List<Row> placed() {
        return result.rows().stream()
                .filter(Row::placed)
                .sorted(Comparator.comparingDouble(Row::value))
                .toList();
    }

    private List<Row> missing() {
        return result.rows().stream().filter(row -> !row.placed()).toList();
    }

    /** The first way is the naive one; 0 if it has no place. */
    private double naive() {
        Row first = result.rows().getFirst();
        return first.placed() ? first.value() : 0;
    }

    private List<String> notes() {
        List<String> notes = new ArrayList<>();
        result.yours().ifPresent(row -> notes.add(standing(row)));
        if (!Double.isNaN(result.best())) {
            boolean first = Double.isNaN(result.before());
            notes.add(
                    first
                            ? "Your best so far: " + withUnit(result.best()) + ", the first."
                            : result.best() < result.before()
                                    ? "A new best of yours: " + withUnit(result.before()) + " before, "
                                            + withUnit(result.best()) + " now."
                                    : "Your best so far: " + withUnit(result.best()) + ".");
        }
        if (byTime()) {
            notes.add(
                    "The ways ran in turn, round by round; the median counts. Other load on the machine moves all of them.");
        } else {
            String floor = result.fewestBytes() > 0
                    ? " No way can move fewer than " + number(result.fewestBytes() / 1e3) + " kB."
                    : "";
            notes.add(
                    "Counted on the host run, thread by thread and without a cache: how much memory the kernel asks for,"
                            + " not how fast a GPU would be." + floor);
        }
        return notes;
    }

    private String standing(Row yours) {
        List<String> parts = new ArrayList<>();
        for (Row row : result.rows()) {
            if (row.placed() && !row.yours()) {
                double factor = row.value() / yours.value();
                String what = byTime() ? "the time" : "the transactions";
                parts.add(
                        factor >= 1
                                ? "1/" + number(factor) + " of " + what + " of " + row.name()
                                : number(1 / factor) + " × " + what + " of " + row.name());
            }
        }
        return "Yours takes " + String.join(", ", parts) + ".";
    }

    private String withUnit(double value) {
        return (byTime() ? number(value) : whole(value)) + " " + result.unit();
    }

    private static String whole(double value) {
        return String.format(Locale.ROOT, "%,.0f", value);
    }

    private static String number(double value) {
        return value >= 100 ? whole(value) : String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.3g", value);
    }
}
