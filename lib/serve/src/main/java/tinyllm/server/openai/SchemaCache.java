package tinyllm.server.openai;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values by key, as many as weigh little enough together; the one that was used longest ago goes first. Safe for many threads. */
final class SchemaCache<T> {
    private final int mostEntries;
    private final long mostWeight;
    private final Map<String, Entry<T>> known = new LinkedHashMap<>(16, 0.75f, true);
    private long weight;

    private record Entry<T>(T value, long weight) {}

    SchemaCache(int mostEntries, long mostWeight) {
        this.mostEntries = mostEntries;
        this.mostWeight = mostWeight;
    }

    synchronized @Nullable T get(String key) {
        Entry<T> entry = known.get(key);
        return entry == null ? null : entry.value;
    }

    /** One that is too heavy by itself is not kept. */
    synchronized void put(String key, T value, long itsWeight) {
        if (itsWeight > mostWeight) {
            return;
        }
        Entry<T> before = known.put(key, new Entry<>(value, itsWeight));
        weight += itsWeight - (before == null ? 0 : before.weight);
        Iterator<Entry<T>> eldest = known.values().iterator();
        while (weight > mostWeight || known.size() > mostEntries) {
            weight -= eldest.next().weight;
            eldest.remove();
        }
    }

    synchronized int size() {
        return known.size();
    }

    synchronized long weight() {
        return weight;
    }
}
