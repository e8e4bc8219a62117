package tinyllm.lab.exercises.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.stream.ClientLeftException;
import tinyllm.stream.EventStreamFn;
import tinyllm.stream.StreamClient;
import tinyllm.stream.StreamFn;
import tinyllm.stream.StreamHead;
import tinyllm.stream.StreamPiece;
import tinyllm.stream.StreamedAnswer;

/**
 * An answer by a script, on an engine that counts pages, for a client that leaves at a known moment. What happened is told line by line.
 * Used once.
 */
final class StreamRun implements StreamedAnswer, StreamClient {

    /** How a client leaves. */
    enum Leaves {
        NEVER,
        /** the connection is gone, and only a send finds out */
        SILENTLY,
        /** the server is told, before the piece comes */
        NOTICED,
        /** the server is told, right after the piece has come */
        NOTICED_LATE
    }

    private static final int PAGES = 8;
    private static final int HELD = 3;
    private static final int PATIENCE = 20; // pieces that are asked for after the end

    private final Leaves leaves;
    private final int leavesAt;
    private final List<String> script;
    private final List<String> log = new ArrayList<>();
    private @Nullable Runnable onGone;
    private boolean gone;
    private boolean told;
    private boolean over;
    private boolean closed;
    private int free = PAGES - HELD;
    private int steps; // that the engine made
    private int goneAt;
    private int asked;
    private int next;

    StreamRun(Leaves leaves, int leavesAt, List<String> script) {
        this.leaves = leaves;
        this.leavesAt = leavesAt;
        this.script = script;
        if (leavesAt == 0) {
            leave();
        }
    }

    List<String> of(StreamFn answer) {
        log.add(answer.stream(this, this, new Spoken()) + " pieces of text sent, it says");
        log.add(closed ? "closed" : "left open");
        log.add(free + " of " + PAGES + " pages free");
        return log;
    }

    private void leave() {
        gone = leaves != Leaves.NEVER;
        goneAt = steps;
        if (leaves == Leaves.NOTICED || leaves == Leaves.NOTICED_LATE) {
            tell();
        }
    }

    /** On a thread of its own, as a server does. */
    private void tell() {
        Runnable action = onGone;
        if (action == null || told || closed) {
            return;
        }
        told = true;
        Thread thread = Thread.ofVirtual().start(action);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public StreamHead head() {
        return new StreamHead("chatcmpl-1", "tiny", 1, false);
    }

    @Override
    public StreamPiece next() {
        if (++asked > script.size() + PATIENCE) {
            throw new IllegalStateException("next() is called again and again, although the answer is over");
        }
        StreamPiece piece = null;
        while (piece == null) {
            if (leaves != Leaves.NOTICED_LATE && next + 1 == leavesAt) {
                leave();
            }
            if (over) {
                return new StreamPiece.Failed("cancelled");
            }
            piece = piece(script.get(next++));
            steps++;
            if (leaves == Leaves.NOTICED_LATE && next == leavesAt) {
                gone = true; // told when the last event is sent
            }
        }
        return piece;
    }

    /** Null when this step has nothing for the request. */
    private @Nullable StreamPiece piece(String word) {
        return switch (word) {
            case "text" -> new StreamPiece.Text(("word " + next).getBytes(UTF_8));
            case "pause" -> new StreamPiece.Pause();
            case "wait" -> null;
            case "end" -> {
                giveBack();
                yield new StreamPiece.End("stop", 5, next - 1);
            }
            default -> {
                giveBack();
                yield new StreamPiece.Failed("the model failed");
            }
        };
    }

    private void giveBack() {
        over = true;
        free += HELD;
    }

    @Override
    public void cancel() {
        log.add("cancelled " + (steps - goneAt) + " steps after the client left");
        giveBack();
    }

    @Override
    public void send(String events) {
        if (leaves == Leaves.NOTICED_LATE && gone) {
            tell();
        }
        if (events.isEmpty()) {
            return;
        }
        if (closed) {
            throw new IllegalStateException("the client was closed already");
        }
        if (gone) {
            throw new ClientLeftException();
        }
        log.add("sent " + events.strip());
    }

    @Override
    public void onGone(Runnable action) {
        onGone = action;
        if (gone && leaves == Leaves.NOTICED) {
            tell();
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    /** Events by their names. */
    private static final class Spoken implements EventStreamFn {
        @Override
        public String begin(StreamHead head) {
            return "begin";
        }

        @Override
        public String token(byte[] bytes) {
            return new String(bytes, UTF_8);
        }

        @Override
        public String end(String finishReason, int promptTokens, int completionTokens) {
            return "end: " + finishReason + " " + promptTokens + " " + completionTokens;
        }

        @Override
        public String keepAlive() {
            return "keep-alive";
        }

        @Override
        public String failed(String message) {
            return "failed: " + message;
        }
    }
}
