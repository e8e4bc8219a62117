package tinyllm.profile;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import tinyllm.tensor.Tensor;

/**
 * A stopwatch for the operations of a run. Arrays are lazy, so what an operation reads is computed before its clock starts, and its
 * result before the clock stops; that ends the overlap of operations, and a run takes longer than unwatched. Operations inside another
 * one count for themselves alone. For one thread.
 */
public final class OperationTimer {

    /**
     * One operation of the run.
     *
     * @param layer −1 outside of the layers
     * @param startMs since the timer was made or reset
     * @param ms its own time, without that of operations inside it
     */
    public record Event(String operation, int layer, double startMs, double ms) {}

    private final List<Event> events = new ArrayList<>();
    private final Deque<long[]> inside = new ArrayDeque<>();
    private long begun = System.nanoTime();

    /**
     * Runs an operation and keeps how long it took.
     *
     * @param operation its kind, the same name for every layer
     * @param inputs what it reads: computed before the clock starts
     * @return the result, computed
     */
    public Tensor time(String operation, int layer, Supplier<Tensor> body, Tensor... inputs) {
        for (Tensor input : inputs) {
            input.eval();
        }
        long[] children = {0};
        long start = System.nanoTime();
        inside.push(children);
        try {
            Tensor result = body.get().eval();
            long took = System.nanoTime() - start;
            events.add(new Event(operation, layer, (start - begun) / 1e6, (took - children[0]) / 1e6));
            return result;
        } finally {
            inside.pop();
            if (!inside.isEmpty()) {
                // What the inputs of this one cost before its clock started belongs to the operation around it.
                inside.peek()[0] += System.nanoTime() - start;
            }
        }
    }

    /** Forgets all; the next event's start counts from now. */
    public void reset() {
        events.clear();
        begun = System.nanoTime();
    }

    /** What was timed, in the order in which it ended. */
    public List<Event> events() {
        return List.copyOf(events);
    }

    /** Milliseconds by kind of operation, all layers together. */
    public Map<String, Double> totals() {
        Map<String, Double> totals = new TreeMap<>();
        events.forEach(event -> totals.merge(event.operation(), event.ms(), Double::sum));
        return totals;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        totals().forEach((name, ms) -> text.append(String.format(Locale.ROOT, "%s: %.2f ms%n", name, ms)));
        return text.toString();
    }
}
