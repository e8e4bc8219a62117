package tinyllm.server.notebook;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.FinishReason;
import tinyllm.engine.StepListener;
import tinyllm.engine.StepReport;

/** What an engine's last steps did, and what became of its last requests. */
final class StepLog implements StepListener {

    static final int MOST = 20_000;

    /** What is known of a request; times by System.nanoTime(), 0 where it did not come to that. */
    private static final class Entry {
        final long arrived;
        final LongSupplier first;
        long ended;
        String reason = "";
        int sent;

        Entry(long arrived, LongSupplier first) {
            this.arrived = arrived;
            this.first = first;
        }
    }

    private static final class Bounded<V> extends LinkedHashMap<Long, V> {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, V> eldest) {
            return size() > MOST;
        }
    }

    private final ArrayDeque<StepReport> reports = new ArrayDeque<>();
    private final Map<Long, Entry> entries = new Bounded<>();
    private final Map<Long, Long> begun = new Bounded<>();
    private final long zero = System.nanoTime();

    @Override
    public synchronized void onStep(StepReport report) {
        long step = System.nanoTime() - (long) (report.phases().seconds() * 1e9);
        if (reports.size() == MOST) {
            reports.removeFirst();
        }
        reports.add(report);
        for (StepReport.Row row : report.rows()) {
            if (row.tokens() > 0) {
                begun.putIfAbsent(row.request(), step);
            }
        }
    }

    /** @param first tells when its first token came; 0 before */
    synchronized void arrived(long id, long nanos, LongSupplier first) {
        entries.put(id, new Entry(nanos, first));
    }

    synchronized void ended(long id, @Nullable FinishReason reason) {
        Entry entry = entries.get(id);
        if (entry != null) {
            entry.ended = System.nanoTime();
            entry.reason = reason == null ? "" : reason.word();
        }
    }

    synchronized void sent(long id, int pieces) {
        Entry entry = entries.get(id);
        if (entry != null) {
            entry.sent = pieces;
        }
    }

    synchronized List<StepReport> reports() {
        return List.copyOf(reports);
    }

    synchronized List<ServedRequest> requests() {
        List<ServedRequest> all = new ArrayList<>();
        entries.forEach((id, entry) -> all.add(new ServedRequest(
                id,
                seconds(entry.arrived),
                seconds(begun.getOrDefault(id, 0L)),
                seconds(entry.first.getAsLong()),
                seconds(entry.ended),
                entry.reason,
                entry.sent)));
        return all;
    }

    private double seconds(long nanos) {
        return nanos == 0 ? Double.NaN : (nanos - zero) / 1e9;
    }
}
