package tinyllm.engine;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Flow;

/** One subscriber's way through a request's tokens, on a thread of its own: a slow subscriber delays nobody. */
final class TokenSubscription implements Flow.Subscription {
    private final RequestHandle handle;
    private final Flow.Subscriber<? super Token> subscriber;
    private final Thread thread;
    private long wanted;
    private boolean cancelled;
    private boolean wrong;

    TokenSubscription(RequestHandle handle, Flow.Subscriber<? super Token> subscriber) {
        this.handle = handle;
        this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
        this.thread =
                Thread.ofVirtual().name("tokens-of-request-" + handle.id()).unstarted(this::deliver);
    }

    void start() {
        thread.start();
    }

    @Override
    public synchronized void request(long n) {
        wrong |= n <= 0;
        wanted = n > Long.MAX_VALUE - wanted ? Long.MAX_VALUE : wanted + Math.max(0, n);
        notifyAll();
    }

    @Override
    public synchronized void cancel() {
        cancelled = true;
        notifyAll();
        thread.interrupt();
    }

    private void deliver() {
        try {
            subscriber.onSubscribe(this);
            for (int i = 0; ; i++) {
                Token token = handle.token(i); // the end needs no demand
                if (token == null) {
                    subscriber.onComplete();
                    return;
                }
                if (!demanded()) {
                    return;
                }
                subscriber.onNext(token);
            }
        } catch (CancellationException | InterruptedException e) {
            return; // the subscriber left
        } catch (RuntimeException e) {
            if (!isCancelled()) {
                subscriber.onError(e);
            }
        }
    }

    private synchronized boolean isCancelled() {
        return cancelled;
    }

    /** Waits until a token may be handed over. False when the subscriber left. */
    private synchronized boolean demanded() throws InterruptedException {
        while (wanted == 0 && !cancelled && !wrong) {
            wait();
        }
        if (wrong && !cancelled) {
            throw new IllegalArgumentException("a subscriber must ask for 1 token or more");
        }
        wanted -= wanted == Long.MAX_VALUE || cancelled ? 0 : 1;
        return !cancelled;
    }
}
