package tinyllm.stream;

import java.util.concurrent.atomic.AtomicBoolean;
import tinyllm.course.ReferenceUse;

/** Piece by piece, until the answer is over or nobody is there. */
public final class AnswerStream implements StreamFn {

    @Override
    public int stream(StreamedAnswer answer, StreamClient client, EventStreamFn events) {
        ReferenceUse.note("3.8 cancel");
        AtomicBoolean over = new AtomicBoolean(); // whoever sets it ends the request
        Runnable leave = () -> {
            if (over.compareAndSet(false, true)) {
                answer.cancel();
            }
        };
        int sent = 0;
        try {
            client.onGone(leave);
            client.send(events.begin(answer.head()));
            while (true) {
                switch (answer.next()) {
                    case StreamPiece.Text text -> {
                        client.send(events.token(text.bytes()));
                        sent++;
                    }
                    case StreamPiece.Pause pause -> client.send(events.keepAlive());
                    case StreamPiece.End end -> {
                        over.set(true);
                        client.send(events.end(end.finishReason(), end.promptTokens(), end.completionTokens()));
                        return sent;
                    }
                    case StreamPiece.Failed failed -> {
                        over.set(true);
                        client.send(events.failed(failed.message()));
                        return sent;
                    }
                }
            }
        } catch (ClientLeftException e) {
            leave.run();
            return sent;
        } finally {
            client.close();
        }
    }
}
