package tinyllm.server.http;

import java.time.Duration;

/**
 * What one client, and all together, may cost the server. The times for header and body are totals: a byte a second does not extend them.
 *
 * @param headerBytes of a request's first line and header, each
 * @param bodyBytes of a request's body
 * @param allBodyBytes of the bodies that are held at one time, of all connections together
 * @param connections that are open at one time
 * @param headerTime from a header's first byte to its last
 * @param bodyTime from a header's last byte to the body's last
 * @param idle that a connection without a request stays open
 * @param keepAlive after which an event stream without events gets a comment
 * @param bufferedBytes that wait for one client's reading before a writer waits too
 * @param slowReader that a writer waits for room, and that one write may take, before the client is cut
 */
public record HttpLimits(
        int headerBytes,
        int bodyBytes,
        long allBodyBytes,
        int connections,
        Duration headerTime,
        Duration bodyTime,
        Duration idle,
        Duration keepAlive,
        int bufferedBytes,
        Duration slowReader) {

    /** 16 kB of header, 4 MB of body, 4,096 connections, 10 s each for header and body, 60 s idle, 5 s between signs of life. */
    public static final HttpLimits STANDARD = new HttpLimits(
            16 << 10,
            4 << 20,
            256L << 20,
            4096,
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(5),
            256 << 10,
            Duration.ofSeconds(30));

    public HttpLimits {
        atLeast("headerBytes", headerBytes, 256);
        atLeast("bodyBytes", bodyBytes, 0);
        atLeast("allBodyBytes", allBodyBytes, bodyBytes);
        atLeast("connections", connections, 1);
        atLeast("bufferedBytes", bufferedBytes, 1024);
        positive("headerTime", headerTime);
        positive("bodyTime", bodyTime);
        positive("idle", idle);
        positive("keepAlive", keepAlive);
        positive("slowReader", slowReader);
    }

    private static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be " + least + " or more, but is " + value);
        }
    }

    private static void positive(String name, Duration time) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(name + " must be longer than nothing, but is " + time);
        }
    }

    /** The same with other sizes of bodies. */
    public HttpLimits bodies(int bytes, long all) {
        return new HttpLimits(
                headerBytes, bytes, all, connections, headerTime, bodyTime, idle, keepAlive, bufferedBytes, slowReader);
    }

    /** The same with another number of connections. */
    public HttpLimits connections(int most) {
        return new HttpLimits(
                headerBytes,
                bodyBytes,
                allBodyBytes,
                most,
                headerTime,
                bodyTime,
                idle,
                keepAlive,
                bufferedBytes,
                slowReader);
    }

    /** The same with other times to arrive in. */
    public HttpLimits times(Duration header, Duration body, Duration whileIdle) {
        return new HttpLimits(
                headerBytes,
                bodyBytes,
                allBodyBytes,
                connections,
                header,
                body,
                whileIdle,
                keepAlive,
                bufferedBytes,
                slowReader);
    }

    /** The same for other writers. */
    public HttpLimits writing(Duration signOfLife, int buffered, Duration slow) {
        return new HttpLimits(
                headerBytes,
                bodyBytes,
                allBodyBytes,
                connections,
                headerTime,
                bodyTime,
                idle,
                signOfLife,
                buffered,
                slow);
    }
}
