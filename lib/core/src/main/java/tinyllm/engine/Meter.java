package tinyllm.engine;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import tinyllm.engine.EngineMetrics.Quantiles;

/** Counts what an engine does, in constant memory. Safe for many threads. */
final class Meter {

    /** The last values of something. */
    private static final class Samples {
        private final double[] values = new double[4096];
        private long count;

        void add(double value) {
            values[(int) (count++ % values.length)] = value;
        }

        Quantiles quantiles() {
            int n = (int) Math.min(count, values.length);
            double[] sorted = Arrays.copyOf(values, n);
            Arrays.sort(sorted);
            return new Quantiles(
                    count,
                    Quantiles.nearestRank(sorted, 0.5),
                    Quantiles.nearestRank(sorted, 0.95),
                    Quantiles.nearestRank(sorted, 0.99),
                    Quantiles.nearestRank(sorted, 1));
        }
    }

    /** Steps that a rate is taken over. */
    private static final int WINDOW = 64;

    private final Samples firstToken = new Samples();
    private final Samples interToken = new Samples();
    private final Map<FinishReason, Long> ended = new EnumMap<>(FinishReason.class);
    private final double[] stepSeconds = new double[WINDOW];
    private final int[] stepTokens = new int[WINDOW];
    private long submitted;
    private long refused;
    private long steps;
    private long promptTokens;
    private long prefixTokens;
    private long computedTokens;
    private long generatedTokens;
    private long preemptions;

    synchronized void submitted() {
        submitted++;
    }

    synchronized void refused() {
        refused++;
    }

    synchronized void admitted(int prompt, int known) {
        promptTokens += prompt;
        prefixTokens += known;
    }

    synchronized void ended(FinishReason reason) {
        ended.merge(reason, 1L, Long::sum);
    }

    synchronized void firstToken(double seconds) {
        firstToken.add(seconds);
    }

    synchronized void nextToken(double seconds) {
        interToken.add(seconds);
    }

    synchronized void step(StepReport report, double seconds) {
        int at = (int) (steps++ % WINDOW);
        stepSeconds[at] = seconds;
        stepTokens[at] = report.chosenTokens();
        generatedTokens += stepTokens[at];
        for (StepReport.Row row : report.rows()) {
            computedTokens += row.tokens();
        }
        preemptions += report.preempted().size();
    }

    synchronized EngineMetrics metrics(int waiting, int running) {
        double seconds = Arrays.stream(stepSeconds).sum();
        return new EngineMetrics(
                waiting,
                running,
                submitted,
                refused,
                ended,
                steps,
                promptTokens,
                prefixTokens,
                computedTokens,
                generatedTokens,
                preemptions,
                generatedTokens < 2 ? Double.NaN : Arrays.stream(stepTokens).sum() / seconds,
                firstToken.quantiles(),
                interToken.quantiles());
    }
}
