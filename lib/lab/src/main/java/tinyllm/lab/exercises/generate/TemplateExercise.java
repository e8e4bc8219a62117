package tinyllm.lab.exercises.generate;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.text.ChatMl;
import tinyllm.text.Message;
import tinyllm.text.PromptFn;

/** Exercise "1.6 template". */
public final class TemplateExercise {

    private record Talk(List<Message> messages, String system, boolean generate) {}

    private static final String START = "<|im_start|>";
    private static final String END = "<|im_end|>";
    private static final String ASK = START + "assistant\n";

    public static final Exercise<PromptFn> TEMPLATE = Exercise.of("1.6 template", PromptFn.class)
            .title("A conversation becomes one text")
            .reference(ChatMl::new)
            .hint(
                    "Each message is <|im_start|>, its role, a newline, its content, <|im_end|>, a newline. Nothing is trimmed.")
            .hint(
                    "Two things are not messages: the default system message, when the first message is not one, and the open"
                            + " <|im_start|>assistant with its newline at the end, when a generation is asked for.")
            .hint("Write a small method turn(role, content) that returns \"<|im_start|>\" + role + \"\\n\" + content +"
                    + " \"<|im_end|>\\n\", and append its results to a StringBuilder.")
            .check(talk("a question", true, word -> List.of(user(word))))
            .check(talk(
                    "with a system message", true, word -> List.of(new Message("system", "Be " + word), user("Hi"))))
            .check(talk(
                    "three turns", true, word -> List.of(user(word), new Message("assistant", "Yes."), user("Why?"))))
            .check(talk(
                    "for training: no open end", false, word -> List.of(user(word), new Message("assistant", "Yes."))))
            .check(talk("blanks and newlines in the content", true, word -> List.of(user("  " + word + "\n\n"))))
            .check(talk(
                    "a system message in the middle",
                    true,
                    word -> List.of(user("Hi"), new Message("system", word), user("Go on"))))
            .check(talk(
                    "a role and a content from a file",
                    true,
                    word -> List.of(new Message(read("system"), "Be 100 % " + word), user("%s and %d?"))))
            .mistake(
                    "roles compared with ==",
                    "The default system message comes although the conversation brings its own: == asks whether two Strings are"
                            + " one object. Compare with equals.",
                    () -> (m, s, g) -> {
                        boolean own = same(m.getFirst().role(), "system");
                        String first = own ? "" : turn(new Message("system", s));
                        return first
                                + m.stream().map(TemplateExercise::turn).collect(Collectors.joining())
                                + (g ? ASK : "");
                    })
            .mistake(
                    "no newline after the role",
                    "There is no newline between the role and the content: the model reads one long word.",
                    () -> (m, s, g) -> whole(m, s, g, x -> START + x.role() + x.content() + END + "\n"))
            .mistake(
                    "no newline after the end",
                    "There is no newline after <|im_end|>: the next <|im_start|> follows it at once, which the model never saw.",
                    () -> (m, s, g) -> whole(m, s, g, x -> START + x.role() + "\n" + x.content() + END))
            .mistake(
                    "no end of the message",
                    "The messages are not closed by <|im_end|>: the model can't tell where one speaker ends.",
                    () -> (m, s, g) -> whole(m, s, g, x -> START + x.role() + "\n" + x.content() + "\n"))
            .mistake(
                    "newline before the end",
                    "A newline stands before <|im_end|>: it would be part of the content.",
                    () -> (m, s, g) -> whole(m, s, g, x -> START + x.role() + "\n" + x.content() + "\n" + END + "\n"))
            .mistake(
                    "never asks for an answer",
                    "The open <|im_start|>assistant at the end is missing: the model may continue as the user.",
                    () -> (m, s, g) -> new ChatMl().render(m, s, false))
            .mistake(
                    "always asks for an answer",
                    "The open <|im_start|>assistant comes even when no answer is asked for: look at addGenerationPrompt.",
                    () -> (m, s, g) -> new ChatMl().render(m, s, true))
            .mistake(
                    "no default system message",
                    "The first message is no system message, so one with defaultSystem has to come before it.",
                    () -> (m, s, g) ->
                            m.stream().map(TemplateExercise::turn).collect(Collectors.joining()) + (g ? ASK : ""))
            .mistake(
                    "two system messages",
                    "The default system message comes although the conversation brings its own.",
                    () -> (m, s, g) -> turn(new Message("system", s))
                            + m.stream().map(TemplateExercise::turn).collect(Collectors.joining())
                            + (g ? ASK : ""))
            .mistake(
                    "trimmed",
                    "The content was trimmed: what a user writes goes in as it is.",
                    () -> (m, s, g) -> whole(
                            m, s, g, x -> turn(new Message(x.role(), x.content().strip()))))
            .mistake(
                    "closes the open end",
                    "The last assistant turn is closed: it must stay open, since what comes next is the answer.",
                    () -> (m, s, g) -> new ChatMl().render(m, s, false) + (g ? ASK + END + "\n" : ""))
            .build();

    private TemplateExercise() {}

    /** An equal text that is another object, as one that was read from a file. */
    private static String read(String text) {
        return String.valueOf(text.toCharArray());
    }

    @SuppressWarnings({"ReferenceEquality", "StringEquality"})
    private static boolean same(String a, String b) {
        return a == b;
    }

    private static Message user(String content) {
        return new Message("user", content);
    }

    private static Case<PromptFn> talk(String name, boolean generate, Function<String, List<Message>> messages) {
        return Case.of(
                name,
                seed -> {
                    String word = "word" + new Draw(seed).between(10, 99);
                    return new Talk(messages.apply(word), "You are " + word + ".", generate);
                },
                (answer, in) -> answer.render(in.messages(), in.system(), in.generate()));
    }

    private static String turn(Message m) {
        return START + m.role() + "\n" + m.content() + END + "\n";
    }

    private static String whole(
            List<Message> messages, String system, boolean generate, Function<Message, String> turn) {
        boolean own = messages.getFirst().role().equals("system");
        String first = own ? "" : turn.apply(new Message("system", system));
        return first + messages.stream().map(turn).collect(Collectors.joining()) + (generate ? ASK : "");
    }
}
