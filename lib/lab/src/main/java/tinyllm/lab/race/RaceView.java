package tinyllm.lab.race;

import java.util.List;
import java.util.Locale;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Rich;

/** A race as HTML that is replaced in place, and as text. */
final class RaceView {

    private static final String PANEL = "vertical-align:top;text-align:left;width:50%;padding:6px 10px;"
            + "border:1px solid var(--jp-border-color2,#ccc);color:var(--jp-content-font-color1,#111)";
    private static final String FAINT = "color:var(--jp-content-font-color2,#555)";

    private RaceView() {}

    /** Both lanes at a time on the common clock. */
    static Rich at(List<String> prompts, Lane a, Lane b, double at) {
        String html = "<table style=\"width:100%;table-layout:fixed;border-collapse:collapse\"><tr>"
                + panel(prompts, a, at) + panel(prompts, b, at) + "</tr></table>";
        return new Html(html, text(prompts, a, at) + "\n" + text(prompts, b, at));
    }

    /** The end: all text, and the table below it. */
    static Rich finished(Race race, Rich table) {
        double end = Math.max(race.a().seconds(), race.b().seconds());
        Rich panels = at(race.prompts(), race.a(), race.b(), end);
        String html = panels.html() + "<p><strong>" + Html.escape(race.headline()) + "</strong></p>" + table.html();
        return new Html(html, panels.text() + "\n" + race.headline() + "\n" + table.text());
    }

    private static String panel(List<String> prompts, Lane lane, double at) {
        StringBuilder out = new StringBuilder("<td style=\"").append(PANEL).append("\"><strong>");
        out.append(Html.isolate(lane.name())).append("</strong> <span style=\"").append(FAINT);
        out.append("\">").append(Html.escape(status(lane, at))).append("</span>");
        for (int i = 0; i < prompts.size(); i++) {
            if (prompts.size() > 1) {
                out.append("<div style=\"margin-top:6px;")
                        .append(FAINT)
                        .append("\">")
                        .append(Html.isolate(prompts.get(i)))
                        .append("</div>");
            }
            out.append("<div style=\"white-space:pre-wrap;overflow-wrap:anywhere\">")
                    .append(Html.isolate(lane.text(i, at)))
                    .append("</div>");
        }
        return out.append("</td>").toString();
    }

    /** "3.4 s", "waits", "done after 5.0 s: 24 tokens, 4.8 tokens/s". */
    static String status(Lane lane, double at) {
        if (lane.finished() && at >= lane.seconds()) {
            return String.format(
                    Locale.ROOT,
                    "done after %.1f s: %d tokens, %.1f tokens/s",
                    lane.seconds(),
                    lane.allTokens(),
                    lane.tokensPerSecond());
        }
        if (!lane.finished() && lane.seconds() == 0) {
            return "waits";
        }
        double clock = lane.clock(at);
        return String.format(Locale.ROOT, lane.spoke(at) ? "%.1f s" : "%.1f s, reads the prompt", clock);
    }

    private static String text(List<String> prompts, Lane lane, double at) {
        StringBuilder out =
                new StringBuilder("== ").append(lane.name()).append(": ").append(status(lane, at));
        for (int i = 0; i < prompts.size(); i++) {
            out.append('\n')
                    .append(prompts.size() > 1 ? "[" + prompts.get(i) + "] " : "")
                    .append(lane.text(i, at));
        }
        return out.toString();
    }
}
