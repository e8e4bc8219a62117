package tinyllm.server.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Writes events to one client, whole frame after whole frame, in the order in which the lock was taken. */
final class NettyEvents implements EventWriter {

    private final NettyExchange exchange;
    private final Channel channel;
    private final IncomingRequest request;
    private final HttpServer server;
    private final long keepAliveNanos;
    private final boolean keepsConnection;
    private final ReentrantLock writing = new ReentrantLock();
    private boolean closed;
    private int status = 200;
    private volatile long lastWrite = System.nanoTime();
    private @Nullable Future<?> signOfLife; // on the event loop alone

    NettyEvents(NettyExchange exchange, Channel channel, IncomingRequest request, HttpServer server) {
        this.exchange = exchange;
        this.channel = channel;
        this.request = request;
        this.server = server;
        this.keepAliveNanos = server.settings().limits().keepAlive().toNanos();
        // Without chunks only the connection's end tells that of the answer.
        this.keepsConnection = exchange.keepsAlive() && request.takesChunks();
    }

    void begin() {
        HttpResponse head = Answers.events(request, server.door());
        HttpUtil.setKeepAlive(head, keepsConnection);
        channel.writeAndFlush(head);
        channel.eventLoop()
                .execute(() -> signOfLife = channel.eventLoop()
                        .scheduleWithFixedDelay(
                                this::live, keepAliveNanos, keepAliveNanos / 4 + 1, TimeUnit.NANOSECONDS));
    }

    /** On the event loop. */
    private void live() {
        if (!channel.isActive()) {
            stop();
        } else if (channel.isWritable() && System.nanoTime() - lastWrite >= keepAliveNanos) {
            write(": keep-alive\n\n");
        }
    }

    private void stop() {
        if (signOfLife != null) {
            signOfLife.cancel(false);
        }
    }

    @Override
    public void event(String data) {
        send(Frames.event("", data));
    }

    @Override
    public void event(String name, String data) {
        send(Frames.event(name, data));
    }

    @Override
    public void framed(String events) {
        send(events);
    }

    @Override
    public void comment(String text) {
        send(Frames.comment(text));
    }

    private void send(String frame) {
        writing.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the event stream of " + request.id() + " is closed");
            }
            exchange.awaitRoom();
            write(frame);
        } finally {
            writing.unlock();
        }
    }

    private void write(String frame) {
        lastWrite = System.nanoTime();
        if (!request.isHead()) {
            channel.writeAndFlush(
                    new DefaultHttpContent(Unpooled.wrappedBuffer(frame.getBytes(StandardCharsets.UTF_8))));
        }
    }

    /** Ends the stream with an error, as its last event. */
    void fail(HttpException failure) {
        writing.lock();
        try {
            if (!closed) {
                status = failure.status();
                write(Frames.event("", failure.json()));
            }
        } finally {
            writing.unlock();
        }
        close();
    }

    @Override
    public void close() {
        writing.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            writing.unlock();
        }
        exchange.onLoop(this::end);
    }

    /** On the event loop, after all frames. */
    private void end() {
        stop();
        ChannelFutureListener ended = written -> exchange.end(written.isSuccess(), status, keepsConnection);
        if (request.isHead()) {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ended);
        } else {
            channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ended);
        }
    }
}
