package tinyllm.lab.exercises.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Given;
import tinyllm.stream.DeltaFn;
import tinyllm.stream.Deltas;

/** Exercise "3.8 deltas". */
public final class DeltaExercise {

    public static final Exercise<DeltaFn> DELTAS = mistakes(
                    Exercise.of("3.8 deltas", DeltaFn.class)
                            .title("Bytes of tokens become characters")
                            .reference(Deltas::new)
                            .hint(
                                    "Put the bytes that wait in front of the new ones. Then look from the end for the first byte of the last"
                                            + " character: how many bytes does it promise, and are they there?")
                            .hint(
                                    "A byte of the form 10xxxxxx goes on a character; any other begins one: 0xxxxxxx alone, 110xxxxx two bytes, 1110xxxx"
                                            + " three, 11110xxx four. JSON: \\ and \" get a \\ in front, what is below a blank becomes \\n, \\t, … or \\u0000.")
                            .hint(
                                    "int begin = all.length - 1; while (begin > 0 && (all[begin] & 0xC0) == 0x80) begin--; the length is"
                                            + " Math.max(1, Integer.numberOfLeadingZeros(~(all[begin] << 24))). Replace \\ first, then the others."))
            .check(text("plain words", seed -> List.of(utf8("The"), utf8(" capital"), utf8(" of"))))
            .check(text("umlauts, whole", seed -> List.of(utf8("größ"), utf8("er"))))
            .check(text("two bytes over two tokens", seed -> cut("Ein Käfer", 6)))
            .check(text("three bytes, one by one", seed -> single("日本語")))
            .check(text("an emoji over three tokens", seed -> cut("ok 🙂!", 4, 6)))
            .check(text("four bytes, one by one", seed -> single("a🙂b🎉")))
            .check(text("cut anywhere", DeltaExercise::anywhere))
            .check(text("an empty token", seed -> List.of(utf8("a"), new byte[0], utf8("b"))))
            .check(text("ends in a character", seed -> List.of(utf8("half "), Arrays.copyOf(utf8("🙂"), 2))))
            .check(text("no token", seed -> List.of()))
            .check(quote("plain", seed -> "The sky is blue."))
            .check(quote("quotation marks", seed -> "He said \"no\"."))
            .check(quote("a path", seed -> "C:\\new\\table"))
            .check(quote("a backslash before a quotation mark", seed -> "\\\" and \\n as two characters"))
            .check(quote("several lines", seed -> "one\ntwo\r\n\tthree"))
            .check(quote("an event within the text", seed -> "data: [DONE]\n\ndata: {}"))
            .check(quote(
                    "control characters", seed -> "bell " + (char) 7 + ", escape " + (char) 27 + ", null " + (char) 0))
            .check(quote("other alphabets", seed -> "größer, 日本語, 🙂"))
            .check(quote("nothing", seed -> ""))
            .build();

    private DeltaExercise() {}

    private static Exercise.Builder<DeltaFn> mistakes(Exercise.Builder<DeltaFn> exercise) {
        return exercise.mistake(
                        "each token alone",
                        "Each token became text by itself: half a character is U+FFFD then, twice. Its bytes have to wait for the next"
                                + " token.",
                        () -> new DeltaSteps() {
                            @Override
                            int complete(byte[] all) {
                                return all.length;
                            }
                        })
                .mistake(
                        "unfinished bytes dropped",
                        "The bytes of an unfinished character were thrown away: keep them for the next token.",
                        () -> new DeltaSteps() {
                            @Override
                            byte[] rest(byte[] all, int complete) {
                                return new byte[0];
                            }
                        })
                .mistake(
                        "everything at the end",
                        "Nothing streams: what is complete goes out with its token, and only an unfinished character waits.",
                        () -> new DeltaSteps() {
                            @Override
                            int complete(byte[] all) {
                                return 0;
                            }
                        })
                .mistake(
                        "always one character behind",
                        "The last character waits although it is complete: look at how many bytes its first one promises.",
                        () -> new DeltaSteps() {
                            @Override
                            int length(byte first) {
                                return 5;
                            }
                        })
                .mistake(
                        "two bytes at most",
                        "A character of three or four bytes counts as complete after two.",
                        () -> new DeltaSteps() {
                            @Override
                            int length(byte first) {
                                return Math.min(2, super.length(first));
                            }
                        })
                .mistake(
                        "Latin-1",
                        "Each byte became a character of its own: the bytes are UTF-8.",
                        () -> new DeltaSteps() {
                            @Override
                            int complete(byte[] all) {
                                return all.length;
                            }

                            @Override
                            String decode(byte[] bytes) {
                                return new String(bytes, ISO_8859_1);
                            }
                        })
                .mistake(
                        "the begun character forgotten",
                        "A character that was begun is missing at the end: nothing comes after it any more, so finish says U+FFFD.",
                        () -> new DeltaSteps() {
                            @Override
                            public String finish() {
                                return "";
                            }
                        })
                .mistake(
                        "quotation marks",
                        "A quotation mark within the text ends the JSON string: write \\\" for it.",
                        () -> quoting(text -> text.replace("\\", "\\\\")))
                .mistake(
                        "backslashes",
                        "A backslash within the text begins an escape of JSON: write two for it.",
                        () -> quoting(text -> text.replace("\"", "\\\"")))
                .mistake(
                        "backslashes last",
                        "The backslashes were doubled after the quotation marks had got theirs: those of your own, too. Replace them first.",
                        () -> quoting(text -> text.replace("\"", "\\\"").replace("\\", "\\\\")))
                .mistake(
                        "line ends as they are",
                        "A line end stands in the JSON as it is: that is no JSON, and in an event it ends the line. Write \\n, \\r and \\t.",
                        () -> raw(c -> c == '\n' || c == '\r' || c == '\t'))
                .mistake(
                        "control characters as they are",
                        "A control character stands in the JSON as it is: what is below a blank and has no name of its own is written"
                                + " \\u0007.",
                        () -> raw(c -> c < ' ' && c != '\n' && c != '\r' && c != '\t'))
                .mistake(
                        "line ends left out",
                        "The line ends are gone: write \\n and \\r for them, so that the client gets them back.",
                        () -> new DeltaSteps() {
                            @Override
                            public String quoted(String text) {
                                return super.quoted(text.replace("\n", "").replace("\r", ""));
                            }
                        })
                .mistake(
                        "no quotation marks around",
                        "The quotation marks around the text are missing: a JSON string has them.",
                        () -> new DeltaSteps() {
                            @Override
                            public String quoted(String text) {
                                String whole = super.quoted(text);
                                return whole.substring(1, whole.length() - 1);
                            }
                        });
    }

    /** Backslash and quotation mark by this; all else as it should be. */
    private static DeltaFn quoting(UnaryOperator<String> escape) {
        return new DeltaSteps() {
            @Override
            String marks(String text) {
                return escape.apply(text);
            }
        };
    }

    private interface Characters {
        boolean has(char c);
    }

    /** These control characters as they are. */
    private static DeltaFn raw(Characters kept) {
        return new DeltaSteps() {
            @Override
            String control(char c) {
                return kept.has(c) ? String.valueOf(c) : super.control(c);
            }
        };
    }

    /** What each token gives, and the end. */
    private static Case<DeltaFn> text(String name, LongFunction<List<byte[]>> tokens) {
        return Case.of(name, tokens, (answer, in) -> {
            List<String> pieces = new ArrayList<>();
            for (byte[] token : in) {
                pieces.add(Given.back(answer.push(token), "push"));
            }
            pieces.add(Given.back(answer.finish(), "finish"));
            return pieces;
        });
    }

    /** Every way to write the same JSON is right. */
    private static Case<DeltaFn> quote(String name, LongFunction<String> text) {
        return Case.of(name, text, (answer, in) -> EventLines.string(Given.back(answer.quoted(in), "quoted")));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    private static List<byte[]> cut(String text, int... places) {
        byte[] all = utf8(text);
        List<byte[]> tokens = new ArrayList<>();
        int from = 0;
        for (int place : places) {
            tokens.add(Arrays.copyOfRange(all, from, place));
            from = place;
        }
        tokens.add(Arrays.copyOfRange(all, from, all.length));
        return tokens;
    }

    private static List<byte[]> single(String text) {
        int bytes = utf8(text).length;
        int[] places = new int[bytes - 1];
        Arrays.setAll(places, i -> i + 1);
        return cut(text, places);
    }

    private static List<byte[]> anywhere(long seed) {
        Draw draw = new Draw(seed);
        String text = "Füße und 日本, 🙂🙃 – fertig.";
        int bytes = utf8(text).length;
        List<Integer> places = new ArrayList<>();
        for (int at = draw.between(1, 4); at < bytes; at += draw.between(1, 4)) {
            places.add(at);
        }
        return cut(text, places.stream().mapToInt(i -> i).toArray());
    }
}
