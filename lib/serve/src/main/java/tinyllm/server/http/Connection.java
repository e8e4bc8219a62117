package tinyllm.server.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: reads one request, hands it to its handler, and reads on all the while, so that it hears of the client's end
 * even when nothing is written. All of it runs on the connection's own event loop.
 */
final class Connection extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.http");

    /** A client may send its next request before the answer; more than so many pieces of it are not kept. */
    private static final int PIPELINED = 64;

    private static final Duration LINGER = Duration.ofSeconds(1);

    private enum State {
        /** nothing of a request has come */
        IDLE,
        HEADER,
        BODY,
        /** a handler works on the answer */
        BUSY,
        /** the last answer is sent; what comes is thrown away until the client closes */
        LINGER
    }

    private final HttpServer server;
    private final HttpLimits limits;
    private final ArrayDeque<HttpObject> pipelined = new ArrayDeque<>();
    private State state = State.IDLE;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> timer;
    private @Nullable IncomingRequest incoming;
    private @Nullable NettyExchange exchange;

    Connection(HttpServer server) {
        this.server = server;
        this.limits = server.settings().limits();
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("the connection is not open yet");
        }
        return context;
    }

    @Override
    public void channelActive(ChannelHandlerContext opened) {
        context = opened;
        idle();
    }

    /** Some bytes have come, perhaps too few for a header: its time begins with the first. */
    void bytesCame() {
        if (state == State.IDLE) {
            state = State.HEADER;
            after(limits.headerTime(), () -> refuse(late("header", limits.headerTime())));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        if (state == State.LINGER || !(message instanceof HttpObject part)) {
            ReferenceCountUtil.release(message);
        } else if (state == State.BUSY) {
            keep(part);
        } else {
            take(part);
        }
    }

    private void keep(HttpObject part) {
        if (pipelined.size() >= PIPELINED) {
            ReferenceCountUtil.release(part);
            String id = exchange == null ? "-" : exchange.requestId();
            LOG.info("{} its client sent more while it was being answered than is kept: cut", id);
            state = State.LINGER; // what it sent besides is thrown away
            context().close();
            return;
        }
        pipelined.add(part);
    }

    private void take(HttpObject part) {
        try {
            if (part.decoderResult().isFailure()) {
                refuse(Malformed.refusal(part.decoderResult().cause()));
            } else if (part instanceof HttpRequest request) {
                header(request);
            } else if (part instanceof HttpContent content && state == State.BODY) {
                body(content);
            }
        } finally {
            ReferenceCountUtil.release(part);
        }
    }

    private void header(HttpRequest request) {
        stopTimer();
        IncomingRequest next = new IncomingRequest(request, server.bodies());
        incoming = next;
        state = State.BODY;
        if (server.door().isPreflight(next.method(), next.headers())) {
            finish(Answers.preflight(server.door().crossOrigin(next.headers()), next), next, 204);
            return;
        }
        try {
            next.enter(server.door());
        } catch (HttpException e) {
            refuse(e);
            return;
        }
        after(limits.bodyTime(), () -> refuse(late("body", limits.bodyTime())));
        if (HttpUtil.is100ContinueExpected(request)) {
            context()
                    .writeAndFlush(new DefaultFullHttpResponse(
                            HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
        }
    }

    private static HttpException late(String part, Duration limit) {
        return new HttpException(
                408, "the request's " + part + " must arrive within " + limit.toMillis() / 1e3 + " s, but has not");
    }

    private void body(HttpContent content) {
        IncomingRequest request = incoming;
        if (request == null) {
            return;
        }
        try {
            request.add(content.content(), limits.bodyBytes());
        } catch (HttpException e) {
            refuse(e);
            return;
        }
        if (content instanceof LastHttpContent) {
            stopTimer();
            begin(request);
        }
    }

    private void begin(IncomingRequest request) {
        state = State.BUSY;
        incoming = null;
        NettyExchange next = new NettyExchange(server, this, context().channel(), request);
        exchange = next;
        server.began();
        Thread.ofVirtual()
                .name(next.requestId())
                .start(() -> next.run(request.route().handler()));
    }

    /** Refuses what has come so far, and closes: the rest of it is never read as a request. */
    private void refuse(HttpException refusal) {
        IncomingRequest request = incoming == null ? IncomingRequest.none(server.bodies()) : incoming;
        finish(Answers.error(refusal, request, server.door()), request, refusal.status());
    }

    private void finish(DefaultFullHttpResponse response, IncomingRequest request, int status) {
        stopTimer();
        incoming = null;
        request.forget();
        server.logged(request, status);
        boolean goesOn = request.isWhole() && request.keepsAlive() && !server.closing();
        HttpUtil.setKeepAlive(response, goesOn);
        context().writeAndFlush(response);
        if (goesOn) {
            idle();
        } else {
            linger();
        }
    }

    /** Closing at once would reset the connection under a client that still sends, and it would never read its answer. */
    private void linger() {
        state = State.LINGER;
        context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (context().channel() instanceof SocketChannel socket) {
                socket.shutdownOutput();
            }
        });
        after(LINGER, () -> context().close());
    }

    /** The answer's last byte is written, or never will be. */
    void answered(boolean keepAlive) {
        exchange = null;
        if (!context().channel().isActive()) {
            return;
        }
        if (!keepAlive || server.closing()) {
            linger();
            return;
        }
        idle();
        while (state != State.BUSY && state != State.LINGER && !pipelined.isEmpty()) {
            take(pipelined.remove());
        }
    }

    private void idle() {
        state = State.IDLE;
        after(limits.idle(), () -> context().close());
    }

    /** Closes unless a request is being read or answered. */
    void closeIdle() {
        if (state == State.IDLE) {
            context().close();
        }
    }

    private void after(Duration time, Runnable action) {
        stopTimer();
        timer = context().executor().schedule(action, time.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) {
        if (exchange != null) {
            exchange.room();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext closed) {
        stopTimer();
        pipelined.forEach(ReferenceCountUtil::release);
        pipelined.clear();
        if (incoming != null) {
            incoming.forget();
            incoming = null;
        }
        if (exchange != null) {
            exchange.left();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        LOG.debug("connection closed", cause);
        failed.close();
    }
}
