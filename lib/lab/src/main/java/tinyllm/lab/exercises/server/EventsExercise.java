package tinyllm.lab.exercises.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Given;
import tinyllm.stream.ChatEvents;
import tinyllm.stream.EventStreamFn;
import tinyllm.stream.StreamHead;

/** Exercise "3.8 events". */
public final class EventsExercise {

    /** An answer as it comes; where message is not empty it fails after its tokens. */
    private record Told(StreamHead head, List<byte[]> tokens, boolean pauses, String reason, String message) {}

    public static final Exercise<EventStreamFn> EVENTS = mistakes(Exercise.of("3.8 events", EventStreamFn.class)
                    .title("An answer as events")
                    .reference(ChatEvents::new)
                    .hint(
                            "Write two small methods first: one that makes an event of data, and one that makes a chunk of a delta and a"
                                    + " finish_reason. All others are one or two lines with them.")
                    .hint(
                            "event(data) is \"data: \" + data + \"\\n\\n\". Keep the head of begin: id, model and created stand in every chunk,"
                                    + " and includeUsage decides at the end.")
                    .hint(
                            "end: the content of deltas.finish() if it is not empty, chunk(\"{}\", deltas.quoted(finishReason)), if asked for"
                                    + " the usage with \"choices\":[], then event(\"[DONE]\"). failed has no [DONE]."))
            .check(told("one word", seed -> answer(seed, false, "stop", "Blue")))
            .check(told("several tokens", seed -> answer(seed, false, "stop", "The", " sky", " is", " blue", ".")))
            .check(told("cut by the limit", seed -> answer(seed, false, "length", "Once", " upon", " a")))
            .check(told("with usage", seed -> answer(seed, true, "stop", "The", " sky")))
            .check(told("no token at all", seed -> answer(seed, true, "stop")))
            .check(told(
                    "quotation marks and line ends",
                    seed -> answer(seed, false, "stop", "\"a\\b\"", "\n\n", "data: x\r\n")))
            .check(told("an emoji over two tokens", seed -> bytes(seed, "ok 🙂", 5)))
            .check(told("ends within a character", seed -> unfinished(seed)))
            .check(told("a long wait first", EventsExercise::paused))
            .check(told("fails in the middle", seed -> failing(seed)))
            .build();

    private EventsExercise() {}

    private static Exercise.Builder<EventStreamFn> mistakes(Exercise.Builder<EventStreamFn> exercise) {
        return ends(frames(exercise));
    }

    private static Exercise.Builder<EventStreamFn> frames(Exercise.Builder<EventStreamFn> exercise) {
        return exercise.mistake(
                        "one line end",
                        "Only one line end stands behind the data. An event is over with an empty line; before it a client hands out"
                                + " nothing.",
                        () -> new EventSteps() {
                            @Override
                            String event(String data) {
                                return "data: " + data + "\n";
                            }
                        })
                .mistake(
                        "no data:",
                        "The JSON stands in a line of its own. A client reads fields: the line begins with data: .",
                        () -> new EventSteps() {
                            @Override
                            String event(String data) {
                                return data + "\n\n";
                            }
                        })
                .mistake(
                        "text not escaped",
                        "The text stands in the JSON as it is: a quotation mark ends the string, and a line end the event. Use the deltas'"
                                + " quoted.",
                        () -> new EventSteps() {
                            @Override
                            String quoted(String text) {
                                return '"' + text + '"';
                            }
                        })
                .mistake(
                        "bytes as they come",
                        "A token's bytes became text by themselves, so that half a character is U+FFFD: let deltas.push do it.",
                        () -> new EventSteps() {
                            @Override
                            String text(byte[] bytes) {
                                return new String(bytes, UTF_8);
                            }

                            @Override
                            String tail() {
                                return "";
                            }
                        })
                .mistake(
                        "a new id each time",
                        "The events of one answer have different ids: clients put together what has the same. Keep the head's.",
                        () -> new EventSteps() {
                            private int count;

                            @Override
                            String first() {
                                count = 0;
                                return super.first();
                            }

                            @Override
                            String id() {
                                return head().id() + "-" + count++;
                            }
                        })
                .mistake(
                        "the whole answer's name",
                        "object is \"chat.completion\": that is an answer which comes at once. Of a stream it is \"chat.completion.chunk\".",
                        () -> new EventSteps() {
                            @Override
                            String object() {
                                return "chat.completion";
                            }
                        })
                .mistake(
                        "no first event",
                        "The first event is missing: its delta tells the role, and clients take it as the sign that the request was"
                                + " accepted.",
                        () -> new EventSteps() {
                            @Override
                            String first() {
                                return "";
                            }
                        })
                .mistake("no role", "The first delta has no role: \"role\": \"assistant\".", () -> new EventSteps() {
                    @Override
                    String first() {
                        return chunk("{\"content\":\"\"}", "null");
                    }
                })
                .mistake(
                        "the role in every delta",
                        "Every delta has a role. A delta is what is new: the role comes once, in the first event.",
                        () -> new EventSteps() {
                            @Override
                            String content(String text) {
                                return text.isEmpty()
                                        ? ""
                                        : chunk("{\"role\":\"assistant\",\"content\":" + quoted(text) + "}", "null");
                            }
                        })
                .mistake(
                        "keep-alive as data",
                        "The keep-alive is an event with data, which a client tries to read as JSON: a comment is a line that begins with a"
                                + " colon.",
                        () -> new EventSteps() {
                            @Override
                            public String keepAlive() {
                                return "data: keep-alive\n\n";
                            }
                        });
    }

    private static Exercise.Builder<EventStreamFn> ends(Exercise.Builder<EventStreamFn> exercise) {
        return exercise.mistake(
                        "no [DONE]",
                        "data: [DONE] is missing: OpenAI's clients read on until it comes.",
                        () -> new EventSteps() {
                            @Override
                            String done() {
                                return "";
                            }
                        })
                .mistake(
                        "[DONE] as JSON",
                        "[DONE] stands in quotation marks: it is no JSON, its data is these six characters.",
                        () -> new EventSteps() {
                            @Override
                            String done() {
                                return event("\"[DONE]\"");
                            }
                        })
                .mistake(
                        "always stop",
                        "finish_reason is stop, whatever ended the answer: a client must see that \"length\" cut it.",
                        () -> new EventSteps() {
                            @Override
                            String last(String reason) {
                                return chunk("{}", "\"stop\"");
                            }
                        })
                .mistake(
                        "a reason in every event",
                        "Every content event has a finish_reason: it is null until the last one, or clients stop reading.",
                        () -> new EventSteps() {
                            @Override
                            String goingOn() {
                                return "\"stop\"";
                            }
                        })
                .mistake(
                        "no finish_reason",
                        "The event with the finish_reason is missing: without it nobody knows whether the answer is whole.",
                        () -> new EventSteps() {
                            @Override
                            String last(String reason) {
                                return "";
                            }
                        })
                .mistake(
                        "usage for everybody",
                        "The usage comes although nobody asked for it: an event without a choice surprises clients that read choices[0].",
                        () -> new EventSteps() {
                            @Override
                            boolean wantsUsage() {
                                return true;
                            }
                        })
                .mistake(
                        "no usage",
                        "The client asked for the usage and does not get it: head.includeUsage() says so.",
                        () -> new EventSteps() {
                            @Override
                            boolean wantsUsage() {
                                return false;
                            }
                        })
                .mistake(
                        "usage with a choice",
                        "The event with the usage has a choice: its list of choices is empty.",
                        () -> new EventSteps() {
                            @Override
                            String usage(int prompt, int completion) {
                                return super.usage(prompt, completion)
                                        .replace("\"choices\":[]", "\"choices\":[{\"index\":0,\"delta\":{}}]");
                            }
                        })
                .mistake("total is the answer", "total_tokens is prompt and answer together.", () -> new EventSteps() {
                    @Override
                    int total(int prompt, int completion) {
                        return completion;
                    }
                })
                .mistake(
                        "the last character lost",
                        "A character that was begun is missing at the end: ask deltas.finish() what still waits.",
                        () -> new EventSteps() {
                            @Override
                            String tail() {
                                return "";
                            }
                        })
                .mistake(
                        "done after a failure",
                        "After the error comes [DONE], as if the answer were whole. A failed one just ends.",
                        () -> new EventSteps() {
                            @Override
                            public String failed(String message) {
                                return super.failed(message) + done();
                            }
                        });
    }

    private static Case<EventStreamFn> told(String name, LongFunction<Told> inputs) {
        return Case.of(name, inputs, (answer, in) -> {
            List<String> events = new ArrayList<>(EventLines.of(Given.back(answer.begin(in.head()), "begin")));
            if (in.pauses()) {
                events.addAll(EventLines.of(Given.back(answer.keepAlive(), "keepAlive")));
            }
            for (byte[] token : in.tokens()) {
                events.addAll(EventLines.of(Given.back(answer.token(token), "token")));
            }
            String last = in.message().isEmpty()
                    ? answer.end(in.reason(), 12, in.tokens().size())
                    : answer.failed(in.message());
            events.addAll(EventLines.of(Given.back(last, in.message().isEmpty() ? "end" : "failed")));
            return events;
        });
    }

    private static StreamHead head(long seed, boolean usage) {
        int number = new Draw(seed).between(100, 999);
        return new StreamHead("chatcmpl-" + number, "tiny", 1_700_000_000L + number, usage);
    }

    private static Told answer(long seed, boolean usage, String reason, String... tokens) {
        List<byte[]> bytes =
                Arrays.stream(tokens).map(token -> token.getBytes(UTF_8)).toList();
        return new Told(head(seed, usage), bytes, false, reason, "");
    }

    private static Told bytes(long seed, String text, int cut) {
        byte[] all = text.getBytes(UTF_8);
        List<byte[]> tokens = List.of(Arrays.copyOf(all, cut), Arrays.copyOfRange(all, cut, all.length));
        return new Told(head(seed, false), tokens, false, "stop", "");
    }

    private static Told unfinished(long seed) {
        byte[] emoji = "🙂".getBytes(UTF_8);
        List<byte[]> tokens = List.of("half ".getBytes(UTF_8), Arrays.copyOf(emoji, 3));
        return new Told(head(seed, true), tokens, false, "length", "");
    }

    private static Told paused(long seed) {
        return new Told(head(seed, false), List.of("late".getBytes(UTF_8)), true, "stop", "");
    }

    private static Told failing(long seed) {
        List<byte[]> tokens = List.of("The".getBytes(UTF_8), " sky".getBytes(UTF_8));
        return new Told(head(seed, true), tokens, false, "", "the model \"failed\"");
    }
}
