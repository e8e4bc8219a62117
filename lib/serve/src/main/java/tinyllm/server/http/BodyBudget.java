package tinyllm.server.http;

import java.util.concurrent.atomic.AtomicLong;

/** The bytes that all requests' bodies may hold together. */
final class BodyBudget {

    private final long most;
    private final AtomicLong held = new AtomicLong();

    BodyBudget(long most) {
        this.most = most;
    }

    /** @throws HttpException when there is no room for so many more */
    void take(int bytes) {
        if (held.addAndGet(bytes) > most) {
            held.addAndGet(-bytes);
            throw new HttpException(429, "the server holds as many bodies of requests as it may: try again later")
                    .retryAfter(1);
        }
    }

    void giveBack(long bytes) {
        held.addAndGet(-bytes);
    }

    long held() {
        return held.get();
    }
}
