package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import tinyllm.engine.ContinuousBatching;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Simulation;
import tinyllm.engine.StepCost;
import tinyllm.engine.StepReport;
import tinyllm.model.CausalLm;

/**
 * What one request alone reaches, in tokens per second.
 *
 * @param prefill reading a prompt of about 150 tokens
 * @param decode writing, with a short text before
 */
public record BatchRates(double prefill, double decode) {

    private static final int WRITTEN = 12;
    private static final int READ = 150;
    private static final String TEXT = "The sea was calm that morning, and the boats lay still in the harbour. ";

    /** Medians of the steps of a few requests, served one after another. */
    static BatchRates of(CausalLm model) {
        int[] ids = model.tokenizer().encode(TEXT.repeat(READ / 10));
        int read = Math.min(Math.min(READ, ids.length), model.config().maxPositionEmbeddings() / 2);
        String text = model.tokenizer().decode(Arrays.copyOf(ids, read));
        return new BatchRates(rate(model, text, 4, 1), rate(model, TEXT, 1, WRITTEN));
    }

    private static double rate(CausalLm model, String prompt, int times, int written) {
        int[] answers =
                Collections.nCopies(times, written).stream().mapToInt(n -> n).toArray();
        Requests requests = new Requests(Collections.nCopies(times, prompt), answers);
        boolean decode = written > 1;
        return Timing.median(BatchRun.silent("rate", model, new ContinuousBatching(), requests, 1).reports().stream()
                .filter(report -> decode == (report.decodeRows() > 0))
                .mapToDouble(report -> tokens(report, decode) / report.phases().seconds())
                .toArray());
    }

    private static int tokens(StepReport report, boolean decode) {
        return decode ? report.decodeRows() : report.prefillTokens();
    }

    /**
     * Many requests with prompts of 128 tokens and answers of 16 to 256, log-uniform, on a model that only costs time, by these rates.
     *
     * @param count requests, all there at the start
     */
    public Simulation.Outcome simulated(SchedulerStep scheduler, int count, int slots) {
        Random random = new Random(5);
        List<Simulation.Request> trace = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            trace.add(new Simulation.Request(0, 128, (int) (16 * Math.pow(16, random.nextDouble())), 0));
        }
        SchedulerPolicy policy = SchedulerPolicy.standard()
                .withMaxRunning(slots)
                .withStepTokens(4096)
                .withChunkTokens(4096);
        return new Simulation(scheduler, policy, slots * 32, 16, StepCost.of(prefill, decode))
                .run(trace.iterator(), count, null);
    }
}
