package tinyllm.bench;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.engine.QueueOrder;
import tinyllm.engine.Scheduler;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.Simulation;
import tinyllm.engine.StepCost;
import tinyllm.load.Lengths;
import tinyllm.load.TraceGenerator;

/** The scheduler without a model: how many plans it makes in a second, its checks and the counting around it included. */
public final class SchedulerBench {

    private SchedulerBench() {}

    /**
     * @param requests of each policy
     * @param rounds timed runs after one that is not counted
     */
    public static List<Map<String, Object>> run(int requests, int rounds) {
        Map<String, QueueOrder> orders = new LinkedHashMap<>();
        orders.put("first come first served", QueueOrder.firstComeFirstServed());
        orders.put("shortest prompt first", QueueOrder.shortestPromptFirst());
        orders.put("priority with ageing", QueueOrder.priority(1));
        List<Map<String, Object>> rows = new ArrayList<>();
        orders.forEach((name, order) -> {
            List<Double> samples = new ArrayList<>();
            List<Long> heap = new ArrayList<>();
            for (int round = 0; round <= rounds; round++) {
                double plans = plansPerSecond(order, requests, heap);
                if (round > 0) {
                    samples.add(plans);
                }
            }
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("policy", name);
            row.put("requests", requests);
            row.put("plans_per_s", median(samples));
            row.put("samples", samples);
            row.put("heap_bytes_after_each_tenth", heap);
            rows.add(row);
        });
        return rows;
    }

    private static double plansPerSecond(QueueOrder order, int requests, List<Long> heap) {
        var policy = new SchedulerPolicy(order, 64, 512, 128, 1);
        var trace = new TraceGenerator(1, 1e9, Lengths.uniform(1, 256), Lengths.logUniform(16, 256), 4);
        var simulation = new Simulation(new Scheduler(), policy, 2000, 16, StepCost.of(1000, 50));
        var source = trace.requests(requests);
        int[] taken = {0};
        heap.clear();
        var counting = new Iterator<Simulation.Request>() {
            @Override
            public boolean hasNext() {
                return source.hasNext();
            }

            @Override
            public Simulation.Request next() {
                if (++taken[0] % Math.max(1, requests / 10) == 0) {
                    Runtime runtime = Runtime.getRuntime();
                    heap.add(runtime.totalMemory() - runtime.freeMemory());
                }
                return source.next();
            }
        };
        long start = System.nanoTime();
        Simulation.Outcome outcome = simulation.run(counting, 1000, null);
        return outcome.steps() / ((System.nanoTime() - start) / 1e9);
    }

    static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
