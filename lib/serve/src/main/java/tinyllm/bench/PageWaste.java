package tinyllm.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.engine.StepListener;
import tinyllm.engine.StepReport;

/** How much of the memory that is held for keys and values holds none, averaged over steps: in pages, and with the longest text set aside. */
public final class PageWaste implements StepListener {
    private final int pageTokens;
    private final int longestText;
    private final List<Double> paged = new ArrayList<>();
    private final List<Double> contiguous = new ArrayList<>();

    /** @param longestText tokens that a contiguous cache would be made for, as nobody knows an answer's length before */
    public PageWaste(int pageTokens, int longestText) {
        this.pageTokens = pageTokens;
        this.longestText = longestText;
    }

    @Override
    public void onStep(StepReport report) {
        long pages = 0;
        long tokens = 0;
        long rows = 0;
        for (StepReport.Row row : report.rows()) {
            if (row.pages() > 0) {
                pages += row.pages();
                tokens += row.computed();
                rows++;
            }
        }
        if (rows > 0) {
            paged.add(1 - (double) tokens / (pages * pageTokens));
            contiguous.add(1 - (double) tokens / (rows * longestText));
        }
    }

    /** Shares between 0 and 1, and the same of each step. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("page_tokens", pageTokens);
        json.put("paged_waste", mean(paged));
        json.put("contiguous_waste", mean(contiguous));
        json.put("steps", paged.size());
        json.put("paged_samples", paged);
        json.put("contiguous_samples", contiguous);
        return json;
    }

    private static double mean(List<Double> shares) {
        return shares.stream().mapToDouble(share -> share).average().orElse(0);
    }
}
