package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Memory;

/** Active, peak and cached memory step by step, counted from the moment at which the watch began (chapter 0.1). */
public final class MemoryWatch {

    /** After one step, in MB above the start; what other cells hold is not counted. */
    public record Moment(String step, double activeMb, double peakMb, double cachedMb) {}

    private final long active;
    private final long cached;
    private final List<Moment> moments = new ArrayList<>();

    /** Begins to watch; the peak begins anew. */
    public MemoryWatch() {
        Memory.resetPeak();
        active = Memory.activeBytes();
        cached = Memory.cacheBytes();
    }

    /** Writes down where memory is now. */
    public MemoryWatch note(String step) {
        long peak = Math.max(Memory.peakBytes(), Memory.activeBytes());
        moments.add(new Moment(
                step, mb(Memory.activeBytes() - active), mb(peak - active), mb(Memory.cacheBytes() - cached)));
        return this;
    }

    private static double mb(long bytes) {
        return Math.round(bytes / 1e5) / 10.0;
    }

    public List<Moment> moments() {
        return List.copyOf(moments);
    }

    public Table table() {
        return Tables.of(moments);
    }

    /** Three bars for each step. */
    public Picture chart() {
        double most = moments.stream().mapToDouble(Moment::peakMb).max().orElse(0);
        double now = moments.getLast().activeMb();
        String title = String.format(Locale.ROOT, "At most %.0f MB at once, %.0f MB at the end", most, now);
        Map<String, double[]> series = new LinkedHashMap<>();
        series.put("active", values(Moment::activeMb));
        series.put("peak so far", values(Moment::peakMb));
        series.put("cached", values(Moment::cachedMb));
        return Charts.bars(
                title,
                "after this step",
                "MB",
                moments.stream().map(Moment::step).toList(),
                series);
    }

    private double[] values(ToDoubleFunction<Moment> part) {
        return moments.stream().mapToDouble(part).toArray();
    }
}
