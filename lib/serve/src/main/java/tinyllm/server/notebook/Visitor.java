package tinyllm.server.notebook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import tinyllm.load.Load;
import tinyllm.load.Sample;
import tinyllm.load.Watcher;

/** A client like any other: asks a notebook's server over HTTP, and reads server-sent events. */
final class Visitor {

    /** Stays to the end. */
    static final int STAYS = Integer.MAX_VALUE;

    private Visitor() {}

    /** How visitors ask: for plain streamed chats, without counts that a learner's event stream need not know of. */
    static Load load(NotebookServer server) {
        return Load.on(server.url().toString()).model(server.model()).field("stream_options", null);
    }

    /** Asks, and reads until the end. */
    static Visit visit(NotebookServer server, String message, int maxTokens, Consumer<String> onText)
            throws InterruptedException {
        return visit(server, message, maxTokens, STAYS, onText);
    }

    /**
     * Asks, and reads until the end or until so many pieces have come.
     *
     * @param leavesAfter pieces of text after which the connection is closed; 0 closes it as soon as the server has answered
     * @param onText is called by this thread
     * @throws IllegalStateException when the server refuses, or its answer has no end
     */
    static Visit visit(NotebookServer server, String message, int maxTokens, int leavesAfter, Consumer<String> onText)
            throws InterruptedException {
        StringBuilder text = new StringBuilder();
        Watcher watcher = new Watcher() {
            @Override
            public boolean stays(int request, int events) {
                return events < leavesAfter;
            }

            @Override
            public void text(int request, String piece) {
                text.append(piece);
                onText.accept(piece);
            }
        };
        try {
            Sample sample = load(server).watcher(watcher).ask(message, maxTokens);
            return Visit.of(sample, text.toString(), leavesAfter);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
