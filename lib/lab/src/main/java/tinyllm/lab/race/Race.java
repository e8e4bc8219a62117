package tinyllm.lab.race;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Rich;

/**
 * A race that has been run. The racers run one after the other, so that neither takes the machine from the other, each after a token
 * that does not count; they are shown side by side on one clock. While the second runs, the first is played again beside it.
 */
public final class Race {

    /** More answers than this can't be read side by side. */
    public static final int MAX_PROMPTS = 16;

    private static final long TICK_MS = 100;

    private final List<String> prompts;
    private final Lane a;
    private final Lane b;

    Race(List<String> prompts, Lane a, Lane b) {
        this.prompts = prompts;
        this.a = a;
        this.b = b;
    }

    /**
     * Runs the race, shown live in the notebook.
     *
     * @param prompts 1 to {@link #MAX_PROMPTS} users' messages, the same for both
     * @param maxTokens of each answer
     * @param rendering how a table is shown
     * @throws CancellationException when the thread is interrupted; the racer that runs is interrupted too
     */
    public static Race run(Racer a, Racer b, List<String> prompts, int maxTokens, Function<Table, Rich> rendering) {
        try (Live live = new Live()) {
            Race race = watched(a, b, prompts, maxTokens, (lane, other) -> {
                boolean first = !other.finished();
                Race now = new Race(prompts, first ? lane : other, first ? Lane.waiting(b.name()) : lane);
                double at = lane.seconds();
                live.show(() -> RaceView.at(now.prompts, now.a, now.b, at));
            });
            live.show(() -> RaceView.finished(race, rendering.apply(race.table())));
            return race;
        }
    }

    /** The same, shown nowhere. */
    public static Race quietly(Racer a, Racer b, List<String> prompts, int maxTokens) {
        return watched(a, b, prompts, maxTokens, (lane, other) -> {});
    }

    /**
     * The same, watched.
     *
     * @param tick told about ten times a second how far the racer that runs is, and what the other one did (nothing yet, or its run)
     */
    static Race watched(Racer a, Racer b, List<String> prompts, int maxTokens, BiConsumer<Lane, Lane> tick) {
        if (prompts.isEmpty() || prompts.size() > MAX_PROMPTS) {
            throw new IllegalArgumentException("a race needs 1 to " + MAX_PROMPTS + " prompts, not " + prompts.size());
        }
        List<String> same = List.copyOf(prompts);
        Lane first = lane(a, same, maxTokens, lane -> tick.accept(lane, Lane.waiting(b.name())));
        Lane second = lane(b, same, maxTokens, lane -> tick.accept(lane, first));
        return new Race(same, first, second);
    }

    private static Lane lane(Racer racer, List<String> prompts, int maxTokens, Consumer<Lane> tick) {
        // The first run of a model also compiles Java and fills caches; nobody wants to race that.
        Recorder recorder = new Recorder(racer.name());
        tick.accept(recorder.warming());
        FutureTask<Lane> run = new FutureTask<>(() -> {
            racer.run(prompts.subList(0, 1), 1, (prompt, piece) -> {});
            recorder.start();
            int[] tokens = racer.run(prompts, maxTokens, recorder::came);
            return recorder.finish(tokens);
        });
        Thread thread =
                Thread.ofPlatform().daemon().name("race " + racer.name()).start(run);
        try {
            while (true) {
                Lane done = poll(run);
                tick.accept(done == null ? recorder.now() : done);
                if (done != null) {
                    return done;
                }
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new CancellationException("the race was interrupted");
        }
    }

    private static @Nullable Lane poll(FutureTask<Lane> run) throws InterruptedException {
        try {
            return run.get(TICK_MS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return null;
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            throw cause instanceof RuntimeException problem ? problem : new IllegalStateException(cause);
        }
    }

    /** Collects what comes while one racer runs; written by the racer's threads, read by the cell's. */
    private static final class Recorder {
        private final String name;
        private final List<Lane.Event> events = new ArrayList<>();
        private long start;
        private boolean running;

        Recorder(String name) {
            this.name = name;
        }

        Lane warming() {
            return Lane.waiting(name);
        }

        synchronized void start() {
            start = System.nanoTime();
            running = true;
        }

        synchronized void came(int prompt, String piece) {
            events.add(new Lane.Event(seconds(), prompt, piece));
        }

        synchronized Lane now() {
            return new Lane(name, events, new int[0], running ? seconds() : 0);
        }

        synchronized Lane finish(int[] tokens) {
            return new Lane(name, events, tokens, seconds());
        }

        private double seconds() {
            return (System.nanoTime() - start) / 1e9;
        }
    }

    List<String> prompts() {
        return prompts;
    }

    Lane a() {
        return a;
    }

    Lane b() {
        return b;
    }

    /** Who was first, and by how much: "smollm2-135m was first, 4.2 s before qwen2.5-coder-0.5b". */
    public String headline() {
        Lane first = first();
        Lane second = first == a ? b : a;
        double ahead = second.seconds() - first.seconds();
        if (ahead < 0.005 * second.seconds()) {
            return a.name() + " and " + b.name() + " finished together";
        }
        return String.format(Locale.ROOT, "%s was first, %.1f s before %s", first.name(), ahead, second.name());
    }

    Lane first() {
        return a.seconds() <= b.seconds() ? a : b;
    }

    /** One row for each racer: first token, all done, tokens, tokens/s, who was first. */
    public Table table() {
        Table table = Table.create(
                "race",
                StringColumn.create("racer"),
                DoubleColumn.create("first token, s"),
                DoubleColumn.create("all done, s"),
                IntColumn.create("tokens"),
                DoubleColumn.create("tokens/s"),
                StringColumn.create("place"));
        for (Lane lane : List.of(a, b)) {
            table.stringColumn(0).append(lane.name());
            table.doubleColumn(1).append(hundredths(lane.firstToken()));
            table.doubleColumn(2).append(hundredths(lane.seconds()));
            table.intColumn(3).append(lane.allTokens());
            table.doubleColumn(4).append(hundredths(lane.tokensPerSecond()));
            table.stringColumn(5).append(lane == first() ? "first" : "second");
        }
        return table;
    }

    private static double hundredths(double value) {
        return Math.round(value * 100) / 100.0;
    }

    /** The race as a film of at most twelve seconds, faster than life where it took longer. */
    public Film film() {
        return RaceFilm.of(this);
    }
}
