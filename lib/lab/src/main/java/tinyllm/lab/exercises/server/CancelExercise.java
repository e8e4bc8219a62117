package tinyllm.lab.exercises.server;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.server.StreamRun.Leaves;
import tinyllm.stream.AnswerStream;
import tinyllm.stream.ClientLeftException;
import tinyllm.stream.EventStreamFn;
import tinyllm.stream.StreamClient;
import tinyllm.stream.StreamFn;
import tinyllm.stream.StreamPiece;
import tinyllm.stream.StreamedAnswer;

/** Exercise "3.8 cancel". */
public final class CancelExercise {

    public static final Exercise<StreamFn> CANCEL = mistakes(
                    Exercise.of("3.8 cancel", StreamFn.class)
                            .title("Until the answer ends, or the client leaves")
                            .reference(AnswerStream::new)
                            .hint(
                                    "Three ways lead to the end: a last piece, a send that fails, and onGone, on another thread. Whoever comes first"
                                            + " decides whether the answer is cancelled, and the others find that it is over.")
                            .hint(
                                    "AtomicBoolean over: compareAndSet(false, true) succeeds once. The end of the answer sets it too, so that a client who"
                                            + " leaves then cancels nothing.")
                            .hint(
                                    "Runnable leave = () -> { if (over.compareAndSet(false, true)) answer.cancel(); }; client.onGone(leave); then try {"
                                            + " the loop } catch (ClientLeftException e) { leave.run(); } finally { client.close(); }"))
            .check(run("a whole answer", Leaves.NEVER, 0, "text", "text", "text", "end"))
            .check(run("an answer of no token", Leaves.NEVER, 0, "end"))
            .check(run("a long wait", Leaves.NEVER, 0, "pause", "pause", "text", "end"))
            .check(run("fails in the middle", Leaves.NEVER, 0, "text", "failed"))
            .check(run("leaves, and a send finds out", Leaves.SILENTLY, 2, "text", "text", "text", "text", "end"))
            .check(run("leaves while nothing is sent", Leaves.NOTICED, 1, "wait", "wait", "wait", "text", "end"))
            .check(run("leaves between two tokens", Leaves.NOTICED, 2, "text", "text", "text", "text", "end"))
            .check(run("had left before the first event", Leaves.NOTICED, 0, "text", "text", "end"))
            .check(run("had left, and nobody knew", Leaves.SILENTLY, 0, "text", "text", "end"))
            .check(run("leaves with the last event", Leaves.SILENTLY, 3, "text", "text", "end"))
            .check(run("leaves as the answer ends", Leaves.NOTICED_LATE, 3, "text", "text", "end"))
            .check(run("leaves as the answer fails", Leaves.NOTICED_LATE, 2, "text", "failed"))
            .build();

    private CancelExercise() {}

    private static Exercise.Builder<StreamFn> mistakes(Exercise.Builder<StreamFn> exercise) {
        return exercise.mistake(
                        "nobody is told",
                        "The client has left, and the engine writes on for nobody: its pages stay taken until the answer's end.",
                        () -> new StreamSteps() {
                            @Override
                            void cancel(StreamedAnswer answer, AtomicBoolean over) {}
                        })
                .mistake(
                        "a failing send alone",
                        "A client that leaves while nothing is sent, in the queue or during a long prompt, is noticed only at the next send:"
                                + " client.onGone tells at once.",
                        () -> new StreamSteps() {
                            @Override
                            void listen(StreamClient client, Runnable leave) {}
                        })
                .mistake(
                        "onGone alone",
                        "A send that fails does not cancel: the engine goes on. Whichever is noticed first has to end the request.",
                        () -> new StreamSteps() {
                            @Override
                            void failedSend(Runnable leave) {}
                        })
                .mistake(
                        "twice",
                        "The answer was cancelled twice, by onGone and by the send that failed: its pages were given back twice, and somebody"
                                + " else has them by then. One AtomicBoolean decides who was first.",
                        () -> new StreamSteps() {
                            @Override
                            void cancel(StreamedAnswer answer, AtomicBoolean over) {
                                if (!over.get()) {
                                    answer.cancel();
                                }
                            }
                        })
                .mistake(
                        "after the end",
                        "An answer that had ended was cancelled when the client left: what it held had been given back already. The end"
                                + " has to set the same flag.",
                        () -> new StreamSteps() {
                            @Override
                            void end(AtomicBoolean over) {}
                        })
                .mistake(
                        "always in the end",
                        "The answer is cancelled in any case, also when it ended by itself: cancel only when the client left.",
                        () -> new StreamSteps() {
                            @Override
                            void last(StreamedAnswer answer) {
                                answer.cancel();
                            }
                        })
                .mistake(
                        "not closed",
                        "The client was not closed: the connection stays open, and the client waits for more. Close it in a finally.",
                        () -> new StreamSteps() {
                            @Override
                            void close(StreamClient client, boolean well) {}
                        })
                .mistake(
                        "closed when all went well",
                        "The client was closed only when the answer reached its end: close it in a finally, whatever happened.",
                        () -> new StreamSteps() {
                            @Override
                            void close(StreamClient client, boolean well) {
                                if (well) {
                                    client.close();
                                }
                            }
                        })
                .mistake(
                        "thrown on",
                        "The ClientLeftException was thrown on: that a client leaves is no failure of the server. Catch it.",
                        () -> new StreamSteps() {
                            @Override
                            void failedSend(Runnable leave) {
                                leave.run();
                                throw new ClientLeftException();
                            }
                        })
                .mistake(
                        "nothing while it waits",
                        "Nothing was sent during a pause: a proxy on the way takes the connection for dead. Send the keep-alive.",
                        () -> new StreamSteps() {
                            @Override
                            String pause(EventStreamFn events) {
                                return "";
                            }
                        })
                .mistake(
                        "begins with the first token",
                        "The first event came with the first token: the client should see at once that its request was accepted.",
                        StreamSteps.Late::new)
                .mistake(
                        "a failure as an end",
                        "An answer that failed was ended like a whole one, with [DONE]: send events.failed, and no more.",
                        () -> new StreamSteps() {
                            @Override
                            String failed(EventStreamFn events, StreamPiece.Failed piece) {
                                return events.end("stop", 0, 0);
                            }
                        })
                .mistake(
                        "a failure in silence",
                        "An answer that failed just stops: the client should get events.failed with the message.",
                        () -> new StreamSteps() {
                            @Override
                            String failed(EventStreamFn events, StreamPiece.Failed piece) {
                                return "";
                            }
                        });
    }

    /**
     * @param leavesAt before which piece, counted from 1, the client leaves; 0 is before everything
     * @param pieces what the engine says, one step each: text, pause, wait (a step in which this request gets nothing), end, failed
     */
    private static Case<StreamFn> run(String name, Leaves leaves, int leavesAt, String... pieces) {
        return Case.of(name, seed -> new StreamRun(leaves, leavesAt, List.of(pieces)), (answer, run) -> run.of(answer));
    }
}
