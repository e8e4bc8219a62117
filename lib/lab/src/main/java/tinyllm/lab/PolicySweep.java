package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import tinyllm.engine.PolicyFn;
import tinyllm.engine.PolicyScheduler;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Simulation;
import tinyllm.engine.StepCost;
import tinyllm.engine.StepReport;
import tinyllm.lab.view.Picture;

/**
 * Hundreds of requests on a model that only costs time: what a policy does to those who wait for their first token (chapter 3.8).
 * Everything here is simulated, from rates that were measured.
 */
public final class PolicySweep {

    private static final int REQUESTS = 600;
    private static final int SLOTS = 8;
    private static final int PAGE_TOKENS = 16;
    private static final int PAGES = 1024;
    private static final int SHORT = 30;
    private static final int LONG = 400;
    private static final int LONG_EVERY = 4;
    private static final int ANSWER = 32;
    private static final double MEAN_TOKENS = (LONG + (LONG_EVERY - 1.0) * SHORT) / LONG_EVERY + ANSWER;

    private PolicySweep() {}

    /** Of the waits for a first token, in seconds. */
    private record Waits(double half, double most, double longest) {}

    /**
     * The same load under one policy, for several worths of a second of waiting; with a great one it is first come, first served.
     *
     * @param rates what one request alone reaches on the model
     * @param load share of the time in which the engine has work, in the mean: above 0, below 1
     * @param guess the name of a prediction in seconds
     * @param tokensPerSecond worths, each above 0, rising
     */
    public static Picture of(PolicyFn policy, BatchRates rates, double load, String guess, double... tokensPerSecond) {
        if (!(load > 0 && load < 1) || tokensPerSecond.length < 2) {
            throw new IllegalArgumentException("a load is above 0 and below 1, and there are two worths or more, not "
                    + load + " and " + tokensPerSecond.length);
        }
        List<Simulation.Request> trace = trace(load * rates.prefill() / MEAN_TOKENS);
        List<Waits> swept = new ArrayList<>();
        for (double worth : tokensPerSecond) {
            swept.add(waits(new PolicyScheduler(policy, worth), rates, trace));
        }
        Waits first = swept.getFirst();
        Waits last = swept.getLast();
        String title = String.format(
                Locale.ROOT,
                "Hardly any ageing: half wait %.1f s, the longest %.0f s; much of it: %.1f s and %.0f s",
                first.half(),
                first.longest(),
                last.half(),
                last.longest());
        return Charts.plot(title, "tokens that a second of waiting is worth", "seconds to the first token")
                .series("half of them", tokensPerSecond, column(swept, Waits::half))
                .series("99 of 100", tokensPerSecond, column(swept, Waits::most))
                .series("the longest", tokensPerSecond, column(swept, Waits::longest))
                .guess(guess)
                .logX()
                .logY()
                .picture();
    }

    private static double[] column(List<Waits> waits, java.util.function.ToDoubleFunction<Waits> of) {
        return waits.stream().mapToDouble(of).toArray();
    }

    /** Independent arrivals; one prompt in four is long. */
    private static List<Simulation.Request> trace(double perSecond) {
        Random random = new Random(38);
        List<Simulation.Request> trace = new ArrayList<>();
        double at = 0;
        for (int i = 0; i < REQUESTS; i++) {
            at -= Math.log(1 - random.nextDouble()) / perSecond;
            int prompt = random.nextInt(LONG_EVERY) == 0 ? LONG : SHORT;
            trace.add(new Simulation.Request(at, prompt, ANSWER, 0));
        }
        return trace;
    }

    private static Waits waits(SchedulerStep scheduler, BatchRates rates, List<Simulation.Request> trace) {
        Map<Long, Double> first = new HashMap<>();
        SchedulerPolicy policy = SchedulerPolicy.standard().withMaxRunning(SLOTS);
        StepCost cost = StepCost.of(rates.prefill(), rates.decode());
        new Simulation(scheduler, policy, PAGES, PAGE_TOKENS, cost)
                .run(trace.iterator(), REQUESTS, report -> note(report, first));
        double[] waits = new double[trace.size()];
        Arrays.setAll(
                waits,
                i -> Objects.requireNonNull(first.get((long) i)) - trace.get(i).arrives());
        Arrays.sort(waits);
        return new Waits(waits[waits.length / 2], waits[(int) (0.99 * waits.length)], waits[waits.length - 1]);
    }

    private static void note(StepReport report, Map<Long, Double> first) {
        double now = report.at() + report.phases().seconds();
        for (StepReport.Row row : report.rows()) {
            if (row.chosen() >= 0) {
                first.putIfAbsent(row.request(), now);
            }
        }
    }
}
