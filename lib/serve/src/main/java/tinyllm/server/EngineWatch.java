package tinyllm.server;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tinyllm.engine.EngineHealth;

/**
 * Looks at an engine from outside, a few times a second. What it goes through stands in the log, and one that does not come back is given
 * up: a native call that never returns can't be ended from within its process.
 */
final class EngineWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.server");

    private static final long LOOK_MS = 200;

    private final Supplier<EngineHealth> health;
    private final Thread thread =
            Thread.ofPlatform().name("engine-health").daemon().unstarted(this::run);
    private EngineHealth.State state = EngineHealth.State.SERVING;
    private String failure = "";
    private int restarts;
    private boolean away;
    private long awaySince;
    private long grace = Long.MAX_VALUE;
    private Consumer<EngineHealth> giveUp = stuck -> {};

    EngineWatch(Supplier<EngineHealth> health) {
        this.health = health;
    }

    /** Begins to look. */
    EngineWatch start() {
        thread.start();
        return this;
    }

    /** Who is told, once, when the engine has not served for so long. */
    synchronized void whenStuck(Duration most, Consumer<EngineHealth> told) {
        grace = most.toNanos();
        giveUp = told;
    }

    private void run() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MS);
                look(health.get(), System.nanoTime());
            }
        } catch (InterruptedException e) {
            LOG.debug("the engine is closed");
        }
    }

    /** @param now System.nanoTime() */
    synchronized void look(EngineHealth seen, long now) {
        if (seen.state() == EngineHealth.State.CLOSED) {
            return;
        }
        note(seen);
        state = seen.state();
        failure = seen.lastFailure();
        restarts = seen.restarts();
        if (seen.serves() || !away) {
            away = !seen.serves();
            awaySince = now;
        } else if (now - awaySince >= grace) {
            grace = Long.MAX_VALUE;
            giveUp.accept(seen);
        }
    }

    private void note(EngineHealth seen) {
        String why = BodyLog.line(seen.lastFailure());
        boolean news = seen.state() != state || !seen.lastFailure().equals(failure);
        if (!seen.serves() && news) {
            LOG.error(
                    "the engine is {}: {}", seen.state() == EngineHealth.State.HANGING ? "hanging" : "restarting", why);
        }
        if (seen.restarts() > restarts) {
            LOG.error("the engine began anew, for time {} since the start: {}", seen.restarts(), why);
        } else if (seen.serves() && news && !why.isEmpty()) {
            LOG.warn("the engine serves on, but {}", why);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
