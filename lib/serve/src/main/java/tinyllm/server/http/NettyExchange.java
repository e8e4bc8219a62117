package tinyllm.server.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A request that has come whole, until the last byte of its answer is written or its client is gone. */
final class NettyExchange implements Exchange {

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.http");

    private static final HttpException INTERNAL =
            new HttpException(500, "the server failed on this request: its log has the request's id and the reason");

    private final HttpServer server;
    private final Connection connection;
    private final Channel channel;
    private final IncomingRequest request;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final List<Runnable> whenGone = new ArrayList<>();
    private boolean answered;
    private boolean gone;
    private boolean finished;
    private @Nullable NettyEvents events;

    NettyExchange(HttpServer server, Connection connection, Channel channel, IncomingRequest request) {
        this.server = server;
        this.connection = connection;
        this.channel = channel;
        this.request = request;
    }

    /** Runs the handler, and makes an answer of what it throws. */
    void run(Handler handler) {
        try {
            handler.handle(this);
            if (!isAnswered() && !gone()) {
                LOG.error("{} the handler of {} gave no answer", requestId(), path());
                fail(INTERNAL);
            }
        } catch (ClientGoneException e) {
            LOG.debug("{} {}", requestId(), e.getMessage());
        } catch (HttpException e) {
            fail(e);
        } catch (Throwable e) { // whatever it is, the client gets an answer
            LOG.error("{} {} failed", requestId(), path(), e);
            fail(INTERNAL);
        } finally {
            NettyEvents stream = stream();
            if (stream != null) {
                stream.close();
            }
        }
    }

    private void fail(HttpException failure) {
        NettyEvents stream = stream();
        if (stream != null) {
            stream.fail(failure);
        } else if (begin()) {
            send(Answers.error(failure, request, server.door()), failure.status());
        }
    }

    @Override
    public String requestId() {
        return request.id();
    }

    @Override
    public String method() {
        return request.method();
    }

    @Override
    public String path() {
        return request.path();
    }

    @Override
    public String query() {
        return request.query();
    }

    @Override
    public Headers headers() {
        return request.headers();
    }

    @Override
    public byte[] body() {
        return request.bytes();
    }

    @Override
    public void answer(int status, String contentType, byte[] body, Header... headers) {
        if (status < 200 || status > 599) {
            throw new IllegalArgumentException("status must be in 200…599, but is " + status);
        }
        Header type = new Header("Content-Type", contentType);
        if (!begin()) {
            throw new IllegalStateException("request " + requestId() + " was answered already");
        }
        send(Answers.whole(status, type.value(), body, request, server.door(), headers), status);
    }

    @Override
    public EventWriter events() {
        if (!begin()) {
            throw new IllegalStateException("request " + requestId() + " was answered already");
        }
        NettyEvents stream = new NettyEvents(this, channel, request, server);
        lock.lock();
        try {
            events = stream;
        } finally {
            lock.unlock();
        }
        stream.begin();
        return stream;
    }

    private @Nullable NettyEvents stream() {
        lock.lock();
        try {
            return events;
        } finally {
            lock.unlock();
        }
    }

    private boolean begin() {
        lock.lock();
        try {
            boolean first = !answered;
            answered = true;
            return first;
        } finally {
            lock.unlock();
        }
    }

    private boolean isAnswered() {
        lock.lock();
        try {
            return answered;
        } finally {
            lock.unlock();
        }
    }

    private void send(DefaultFullHttpResponse response, int status) {
        boolean keepAlive = keepsAlive();
        HttpUtil.setKeepAlive(response, keepAlive);
        // On the loop, so that the listener is there before the client can read the answer and close.
        ChannelFutureListener ended = written -> end(written.isSuccess(), status, keepAlive);
        onLoop(() -> channel.writeAndFlush(response).addListener(ended));
    }

    /** A server that was closed has no loop any more, and nobody waits for what it would do. */
    void onLoop(Runnable action) {
        try {
            channel.eventLoop().execute(action);
        } catch (RejectedExecutionException e) {
            left();
        }
    }

    boolean keepsAlive() {
        return request.keepsAlive() && !server.closing();
    }

    /** On the event loop: the answer's last byte was written, or could not be. */
    void end(boolean written, int status, boolean keepAlive) {
        if (!written) {
            left();
        } else if (finish(false) != null) {
            server.ended(request, status);
            connection.answered(keepAlive);
        }
    }

    /** On the event loop: the client is gone. */
    void left() {
        List<Runnable> hearers = finish(true);
        if (hearers != null) {
            server.ended(request, HttpObserver.CLIENT_GONE);
            channel.close();
            hearers.forEach(this::start);
        }
    }

    /** Who wants to hear that the client is gone; null when this request had ended before. */
    private @Nullable List<Runnable> finish(boolean byLeaving) {
        lock.lock();
        try {
            if (finished) {
                return null;
            }
            finished = true;
            gone = byLeaving;
            List<Runnable> hearers = byLeaving ? List.copyOf(whenGone) : List.of();
            whenGone.clear();
            room.signalAll();
            return hearers;
        } finally {
            lock.unlock();
        }
    }

    private void start(Runnable action) {
        Thread.ofVirtual().name(requestId() + "-gone").start(() -> {
            try {
                action.run();
            } catch (RuntimeException e) {
                LOG.error("{} failed to hear that its client is gone", requestId(), e);
            }
        });
    }

    @Override
    public void onGone(Runnable action) {
        lock.lock();
        try {
            if (!finished) {
                whenGone.add(action);
                return;
            }
            if (!gone) {
                return;
            }
        } finally {
            lock.unlock();
        }
        start(action);
    }

    @Override
    public boolean gone() {
        lock.lock();
        try {
            return gone;
        } finally {
            lock.unlock();
        }
    }

    /** On the event loop: the client has read some of what waited. */
    void room() {
        lock.lock();
        try {
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until what is written already leaves room for more.
     *
     * @throws ClientGoneException when the client is gone, or makes no room in time, and is cut
     */
    void awaitRoom() {
        long left = server.settings().limits().slowReader().toNanos();
        lock.lock();
        try {
            while (!finished && !channel.isWritable()) {
                if (left <= 0) {
                    LOG.info("{} reads too slowly: cut", requestId());
                    channel.close();
                    throw new ClientGoneException("the client of " + requestId() + " reads too slowly");
                }
                left = room.awaitNanos(left);
            }
            if (finished) {
                throw new ClientGoneException("the client of " + requestId() + " is gone");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGoneException("interrupted while the client of " + requestId() + " reads");
        } finally {
            lock.unlock();
        }
    }
}
