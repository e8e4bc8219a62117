package tinyllm.engine;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that runs an engine's steps, and a second one that notices when a step does not return. */
final class EngineThread {
    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.engine");

    /** After an interrupt, a step gets so long to return before its requests are told that it does not. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private static final long LONGEST_PAUSE_MS = 5000;

    private final EngineCore core;
    private final Duration stepLimit;
    private final Thread thread = Thread.ofPlatform().name("engine").daemon().unstarted(this::run);
    private final Thread watchdog =
            Thread.ofPlatform().name("engine-watchdog").daemon().unstarted(this::watch);
    private volatile boolean stopping;
    private volatile long drainUntil;
    private volatile @org.jspecify.annotations.Nullable RuntimeException lost;

    EngineThread(EngineCore core, Duration stepLimit) {
        this.core = core;
        this.stepLimit = stepLimit;
        thread.start();
        watchdog.start();
    }

    private void run() {
        long pause = 100;
        while (!stopping || (System.nanoTime() - drainUntil < 0 && !core.open().isEmpty())) {
            try {
                if (core.step() != null) {
                    pause = 100;
                } else if (core.restarting()) {
                    Thread.sleep(pause);
                    pause = Math.min(LONGEST_PAUSE_MS, 2 * pause);
                } else {
                    core.awaitMail();
                }
            } catch (CancellationException | InterruptedException e) {
                Thread.interrupted(); // nobody but the watchdog interrupts this thread
            } catch (Throwable e) {
                core.failAll(e.toString(), e);
            }
        }
        try {
            core.shutDown();
        } catch (RuntimeException e) {
            lost = e;
            LOG.error("the engine did not close as it should", e);
        }
    }

    private void watch() {
        long limit = Nanos.of(stepLimit);
        long interrupted = 0; // the step that was
        long interruptedAt = 0;
        while (thread.isAlive()) {
            try {
                Thread.sleep(Math.clamp(limit / 10_000_000, 5, 500));
            } catch (InterruptedException e) {
                return;
            }
            long step = core.stepBegan();
            long now = System.nanoTime();
            if (step == 0 || now - step < limit) {
                continue;
            }
            if (step != interrupted) {
                interrupted = step;
                interruptedAt = now;
                if (!core.listening().interrupt(thread, stepLimit)) {
                    core.hanging("a step has not returned for " + stepLimit);
                    thread.interrupt();
                }
            } else if (now - interruptedAt > GRACE.toNanos()) {
                core.hanging("a step has not returned for " + stepLimit
                        + core.listening().culprit());
                giveUp();
            }
        }
    }

    /** Nobody waits for ever, even if the step does. */
    private void giveUp() {
        String sentence = "the engine hangs: a step has not returned for " + stepLimit
                + core.listening().culprit();
        core.open()
                .values()
                .forEach(request -> request.handle.end(
                        FinishReason.ERROR,
                        null,
                        new GenerationException(sentence, new CancellationException(sentence))));
    }

    /**
     * Lets the open requests end until then, and stops. A step that hangs keeps its memory: nobody else may free what it writes to.
     * On the engine's own thread, in a listener, it returns at once: the thread stops when its step is over.
     *
     * @param until System.nanoTime()
     */
    void stop(long until) {
        drainUntil = until;
        stopping = true;
        if (Thread.currentThread() == thread) {
            return;
        }
        core.wake();
        try {
            long most = Math.max(0, until - System.nanoTime()) + Nanos.of(stepLimit) + GRACE.toNanos();
            if (!thread.join(Duration.ofNanos(most))) {
                giveUp();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        watchdog.interrupt();
        RuntimeException problem = lost;
        if (problem != null) {
            throw problem;
        }
    }
}
