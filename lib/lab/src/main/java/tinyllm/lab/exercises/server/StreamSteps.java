package tinyllm.lab.exercises.server;

import java.util.concurrent.atomic.AtomicBoolean;
import tinyllm.stream.ClientLeftException;
import tinyllm.stream.EventStreamFn;
import tinyllm.stream.StreamClient;
import tinyllm.stream.StreamFn;
import tinyllm.stream.StreamPiece;
import tinyllm.stream.StreamedAnswer;

/** An answer's way to its client in small parts, so that a wrong answer differs from the right one in one of them. */
class StreamSteps implements StreamFn {

    void cancel(StreamedAnswer answer, AtomicBoolean over) {
        if (over.compareAndSet(false, true)) {
            answer.cancel();
        }
    }

    void listen(StreamClient client, Runnable leave) {
        client.onGone(leave);
    }

    void failedSend(Runnable leave) {
        leave.run();
    }

    void end(AtomicBoolean over) {
        over.set(true);
    }

    void last(StreamedAnswer answer) {}

    void close(StreamClient client, boolean well) {
        client.close();
    }

    String pause(EventStreamFn events) {
        return events.keepAlive();
    }

    String failed(EventStreamFn events, StreamPiece.Failed piece) {
        return events.failed(piece.message());
    }

    void begin(StreamedAnswer answer, StreamClient client, EventStreamFn events) {
        client.send(events.begin(answer.head()));
    }

    @Override
    public int stream(StreamedAnswer answer, StreamClient client, EventStreamFn events) {
        AtomicBoolean over = new AtomicBoolean();
        Runnable leave = () -> cancel(answer, over);
        listen(client, leave);
        boolean well = false;
        int[] count = {0};
        try {
            begin(answer, client, events);
            while (!well) {
                well = sent(answer.next(), client, events, over, count);
            }
        } catch (ClientLeftException e) {
            failedSend(leave);
        } finally {
            last(answer);
            close(client, well);
        }
        return count[0];
    }

    /** Whether it was the last. */
    private boolean sent(
            StreamPiece piece, StreamClient client, EventStreamFn events, AtomicBoolean over, int[] count) {
        switch (piece) {
            case StreamPiece.Text text -> {
                client.send(events.token(text.bytes()));
                count[0]++;
            }
            case StreamPiece.Pause nothing -> client.send(pause(events));
            case StreamPiece.End end -> {
                end(over);
                client.send(events.end(end.finishReason(), end.promptTokens(), end.completionTokens()));
                return true;
            }
            case StreamPiece.Failed failure -> {
                end(over);
                client.send(failed(events, failure));
                return true;
            }
        }
        return false;
    }

    /** Says that it began when there is something to say. */
    static final class Late extends StreamSteps {

        @Override
        void begin(StreamedAnswer answer, StreamClient client, EventStreamFn events) {}

        @Override
        public int stream(StreamedAnswer answer, StreamClient client, EventStreamFn events) {
            boolean[] begun = {false};
            StreamClient late = new StreamClient() {
                @Override
                public void send(String text) {
                    if (!begun[0]) {
                        begun[0] = true;
                        client.send(events.begin(answer.head()));
                    }
                    client.send(text);
                }

                @Override
                public void onGone(Runnable action) {
                    client.onGone(action);
                }

                @Override
                public void close() {
                    client.close();
                }
            };
            return super.stream(answer, late, events);
        }
    }
}
