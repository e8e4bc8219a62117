package tinyllm.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The waiting requests in the policy's order. A place is found by bisection, so that a thousand of them cost little in each step. */
final class WaitingQueue {

    private record Place(double key, Sequence sequence) {}

    private static final Comparator<Place> IN_ORDER = Comparator.comparingDouble(Place::key)
            .thenComparingLong(place -> place.sequence().admission())
            .thenComparingLong(place -> place.sequence().id());

    private final QueueOrder order;
    private final List<Place> places = new ArrayList<>();
    private final List<Sequence> sequences = new ArrayList<>();
    private final Map<Long, Place> byId = new HashMap<>();

    WaitingQueue(QueueOrder order) {
        this.order = order;
    }

    int size() {
        return places.size();
    }

    /** In order; changes with the queue. */
    List<Sequence> sequences() {
        return Collections.unmodifiableList(sequences);
    }

    boolean contains(long id) {
        return byId.containsKey(id);
    }

    /** Takes a place by the policy; one that ran before goes in front of those that never did, the oldest admission first. */
    void add(Sequence sequence) {
        Place place = new Place(key(sequence), sequence);
        if (byId.putIfAbsent(sequence.id(), place) != null) {
            throw new IllegalStateException("request " + sequence.id() + " waits already");
        }
        int at = -Collections.binarySearch(places, place, IN_ORDER) - 1;
        places.add(at, place);
        sequences.add(at, sequence);
    }

    /** Returns false when it does not wait. */
    boolean remove(long id) {
        Place place = byId.remove(id);
        if (place == null) {
            return false;
        }
        int at = Collections.binarySearch(places, place, IN_ORDER);
        places.remove(at);
        sequences.remove(at);
        return true;
    }

    private double key(Sequence sequence) {
        if (sequence.admission() >= 0) {
            return Double.NEGATIVE_INFINITY;
        }
        double key = order.key(sequence);
        if (!Double.isFinite(key)) {
            throw new IllegalArgumentException("the queue's order must give a number, but gave " + key + " for request "
                    + sequence.id() + " with " + sequence.promptTokens() + " tokens");
        }
        return key;
    }
}
