package tinyllm.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request that the engine has taken. Its tokens can be read as often as wanted, by anybody, from the first one on; it ends once, with
 * one reason. Safe for many threads.
 */
public final class RequestHandle {

    /** Either what came out, or why nothing did. */
    private record End(
            FinishReason reason,
            @Nullable Completion completion,
            @Nullable Throwable error) {}

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.engine");

    private final long id;
    private final LongConsumer canceller;
    private final @Nullable Supplier<@Nullable StepReport> driver;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Token> tokens = new ArrayList<>();
    private final List<Runnable> atEnd = new ArrayList<>();
    private volatile @Nullable End end;
    private volatile int cachedTokens;

    /** @param driver runs a step of an engine without a thread; null when the engine has one */
    RequestHandle(long id, LongConsumer canceller, @Nullable Supplier<@Nullable StepReport> driver) {
        this.id = id;
        this.canceller = canceller;
        this.driver = driver;
    }

    /** Counted from 0, in the order of arrival. */
    public long id() {
        return id;
    }

    /** Ends the request at the engine's next step at the latest; when it has ended already, nothing happens. */
    public void cancel() {
        if (end == null) {
            canceller.accept(id);
        }
    }

    public boolean isDone() {
        return end != null;
    }

    /**
     * Runs something once when the request has ended, on the engine's thread, so it must be quick; at once when it has ended already.
     * What it throws on the engine's thread is logged, and harms nobody.
     */
    public void whenDone(Runnable listener) {
        lock.lock();
        try {
            if (end == null) {
                atEnd.add(listener);
                return;
            }
        } finally {
            lock.unlock();
        }
        listener.run();
    }

    /** Why it ended; null while it has not. */
    public @Nullable FinishReason finishReason() {
        End now = end;
        return now == null ? null : now.reason;
    }

    /** Tokens of its prompt that the prefix cache knew when the engine first took it up; 0 before that. */
    public int cachedTokens() {
        return cachedTokens;
    }

    /** Says so. */
    void cachedTokens(int tokens) {
        cachedTokens = tokens;
    }

    /** Why it failed; null unless it ended with {@link FinishReason#ERROR}. */
    public @Nullable Throwable error() {
        End now = end;
        return now == null ? null : now.error;
    }

    /**
     * The tokens, each as soon as it is there. Reading waits; it ends with the request.
     *
     * @throws GenerationException while reading, after the last token, when the request failed
     * @throws CancellationException while reading, when the reading thread is interrupted
     */
    public Stream<Token> tokens() {
        Iterator<Token> iterator = new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return token(next) != null;
            }

            @Override
            public Token next() {
                Token token = token(next++);
                if (token == null) {
                    throw new NoSuchElementException("the request has ended");
                }
                return token;
            }
        };
        int ordered = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, ordered), false);
    }

    /** The tokens for subscribers, who ask for as many as they can take; each gets all. A request that fails ends with onError. */
    public Flow.Publisher<Token> publisher() {
        return subscriber -> new TokenSubscription(this, subscriber).start();
    }

    /**
     * Waits for the end.
     *
     * @throws GenerationException when the request failed
     * @throws CancellationException when the waiting thread is interrupted
     */
    public Completion result() {
        awaitChange(() -> end != null, Long.MAX_VALUE);
        return outcome();
    }

    /** The same; gives up after some time, and leaves the request as it is. */
    public Completion result(Duration most) throws TimeoutException {
        if (!awaitChange(() -> end != null, Nanos.of(most))) {
            throw new TimeoutException("request " + id + " has not ended within " + most);
        }
        return outcome();
    }

    private Completion outcome() {
        End done = Objects.requireNonNull(end);
        if (done.completion == null) {
            throw failure(done);
        }
        return done.completion;
    }

    private GenerationException failure(End done) {
        Throwable error = Objects.requireNonNull(done.error);
        String why = error.getMessage() == null ? error.toString() : error.getMessage();
        return new GenerationException("request " + id + " failed: " + why, error);
    }

    /** Waits for a token; null when the request ended without it. */
    @Nullable
    Token token(int index) {
        awaitChange(() -> tokens.size() > index || end != null, Long.MAX_VALUE);
        lock.lock();
        try {
            if (tokens.size() > index) {
                return tokens.get(index);
            }
        } finally {
            lock.unlock();
        }
        End done = Objects.requireNonNull(end);
        if (done.error != null) {
            throw failure(done);
        }
        return null;
    }

    /** Returns false when the time is over. */
    private boolean awaitChange(BooleanSupplier done, long nanos) {
        if (driver != null) {
            return drive(driver, done, nanos);
        }
        lock.lock();
        try {
            long left = nanos;
            while (!done.getAsBoolean()) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for request " + id);
        } finally {
            lock.unlock();
        }
    }

    private boolean drive(Supplier<@Nullable StepReport> steps, BooleanSupplier done, long nanos) {
        long began = System.nanoTime();
        while (!done.getAsBoolean()) {
            if (System.nanoTime() - began >= nanos) {
                return false;
            }
            if (steps.get() == null && !done.getAsBoolean()) {
                throw new IllegalStateException("request " + id + " waits, and its engine has nothing to do");
            }
        }
        return true;
    }

    /** Hands a token to all who wait. A request that has ended gets no more. */
    void add(Token token) {
        lock.lock();
        try {
            if (end == null) {
                tokens.add(token);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends the request; returns false when it had ended. */
    boolean end(FinishReason reason, @Nullable Completion completion, @Nullable Throwable error) {
        List<Runnable> listeners;
        lock.lock();
        try {
            if (end != null) {
                return false;
            }
            end = new End(reason, completion, error);
            listeners = List.copyOf(atEnd);
            atEnd.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        listeners.forEach(this::tell);
        return true;
    }

    private void tell(Runnable listener) {
        try {
            listener.run();
        } catch (Throwable e) {
            LOG.warn("a listener of the end of request {} failed", id, e);
        }
    }
}
