package tinyllm.server.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.timeout.WriteTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP/1.1 server. Each request's handler runs on a virtual thread; two threads move bytes.
 *
 * <pre>{@code
 * Routes routes = Routes.none().get("/hello", e -> e.answer(200, "text/plain", "hello".getBytes(UTF_8)));
 * try (HttpServer server = HttpServer.start(HttpSettings.loopback(8080), routes)) { … }
 * }</pre>
 *
 * <p>A client that has sent all it wants to and shuts down its sending side alone counts as gone, as it does for most servers.
 */
public final class HttpServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.http");

    private static final int BACKLOG = 1024;
    private static final int SEND_BUFFER = 64 << 10;

    private final HttpSettings settings;
    private final Door door;
    private final BodyBudget bodies;
    private final EventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(2, new DefaultThreadFactory("http", true), NioIoHandler.newFactory());
    private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger answering = new AtomicInteger();
    private final Channel listening;
    private volatile boolean closing;

    private HttpServer(HttpSettings settings, Routes routes) throws IOException {
        this.settings = settings;
        this.door = new Door(settings, routes);
        this.bodies = new BodyBudget(settings.limits().allBodyBytes());
        this.listening = bind();
    }

    /** @throws IOException when the port is taken or the address is not this machine's; the message says which */
    public static HttpServer start(HttpSettings settings, Routes routes) throws IOException {
        return new HttpServer(settings, routes);
    }

    private Channel bind() throws IOException {
        int buffered = settings.limits().bufferedBytes();
        var binding = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(
                        ChannelOption.SO_SNDBUF, SEND_BUFFER) // what the kernel holds for a slow reader is bounded too
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(buffered / 2, buffered))
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        admit(channel);
                    }
                })
                .bind(settings.host(), settings.port())
                .awaitUninterruptibly();
        if (!binding.isSuccess()) {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw new IOException(
                    "the server cannot listen on " + settings.host() + ":" + settings.port() + ": "
                            + binding.cause().getMessage() + "; choose another port, or stop who has it",
                    binding.cause());
        }
        return binding.channel();
    }

    private void admit(Channel channel) {
        int now = connections.incrementAndGet();
        settings.observer().connections(1);
        channel.closeFuture().addListener(closed -> {
            connections.decrementAndGet();
            settings.observer().connections(-1);
        });
        if (now > settings.limits().connections() || closing) {
            channel.close();
            return;
        }
        open.add(channel);
        Connection connection = new Connection(this);
        channel.pipeline()
                .addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object bytes) {
                        connection.bytesCame();
                        context.fireChannelRead(bytes);
                    }
                })
                .addLast(new StrictDecoder(settings.limits().headerBytes()))
                .addLast(new HttpResponseEncoder())
                .addLast(new WriteTimeoutHandler(settings.limits().slowReader().toMillis(), TimeUnit.MILLISECONDS))
                .addLast(connection);
    }

    /** The port, chosen where 0 was asked for. */
    public int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    /** Connections that are open now. */
    public int connections() {
        return connections.get();
    }

    /** Requests whose answer is not finished. */
    public int answering() {
        return answering.get();
    }

    HttpSettings settings() {
        return settings;
    }

    Door door() {
        return door;
    }

    BodyBudget bodies() {
        return bodies;
    }

    boolean closing() {
        return closing;
    }

    void began() {
        answering.incrementAndGet();
    }

    void ended(IncomingRequest request, int status) {
        request.forget();
        answering.decrementAndGet();
        logged(request, status);
    }

    /** One line for each request: no text of its body, and its path only where it is one of ours. */
    void logged(IncomingRequest request, int status) {
        double seconds = (System.nanoTime() - request.began()) / 1e9;
        LOG.info(
                "{} {} {} {} {} ms",
                request.id(),
                request.methodWord(),
                request.routePath(),
                status,
                Math.round(seconds * 1e3));
        settings.observer().answered(request.routePath(), status, seconds);
    }

    /** Frees the port: no new connection comes, and those that are there go on. */
    public void stopListening() {
        listening.close().awaitUninterruptibly();
    }

    /** Closes now: clients that wait for an answer are cut. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }

    /** Takes no new connection, waits so long for the answers that are being given, and closes. Closing again does nothing. */
    public synchronized void close(Duration drain) {
        if (closing) {
            return;
        }
        closing = true;
        stopListening();
        open.forEach(channel -> channel.eventLoop().execute(() -> {
            Connection connection = channel.pipeline().get(Connection.class);
            if (connection != null) {
                connection.closeIdle();
            }
        }));
        long until = System.nanoTime() + drain.toNanos();
        try {
            while (answering.get() > 0 && System.nanoTime() - until < 0) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        open.close().awaitUninterruptibly();
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
