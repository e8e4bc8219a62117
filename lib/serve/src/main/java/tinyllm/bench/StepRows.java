package tinyllm.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.engine.StepListener;
import tinyllm.engine.StepReport;

/** Step by step, how many requests hold a slot and how many tokens were chosen: what batching is about, ready to be drawn. */
final class StepRows implements StepListener {
    private final List<Double> ends = new ArrayList<>();
    private final List<Integer> rows = new ArrayList<>();
    private final List<Integer> tokens = new ArrayList<>();
    private double begin = Double.NaN;

    @Override
    public void onStep(StepReport report) {
        if (Double.isNaN(begin)) {
            begin = report.at();
        }
        ends.add(Math.rint((report.at() + report.phases().seconds() - begin) * 1e6) / 1e6);
        rows.add(report.rows().size());
        tokens.add(report.chosenTokens());
    }

    /** A list for each: {@code end_s} since the first step began, {@code rows}, {@code tokens}. */
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("end_s", ends);
        json.put("rows", rows);
        json.put("tokens", tokens);
        return json;
    }
}
