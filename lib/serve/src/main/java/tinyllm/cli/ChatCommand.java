package tinyllm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import tinyllm.engine.Completion;
import tinyllm.engine.Conversation;
import tinyllm.engine.Generator;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;

/** A conversation in the terminal. */
@Command(
        name = "chat",
        description = "Talk with a model. /reset forgets the conversation, /quit or the end of the input ends it.")
final class ChatCommand implements Callable<Integer> {

    @ParentCommand
    private Main main;

    @Mixin
    private OutputOptions output;

    @Mixin
    private ModelOptions model;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private SolutionOptions solution;

    @Option(names = "--system", paramLabel = "TEXT", description = "what the model is told first")
    private @Nullable String system;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    ChatCommand() {}

    @Override
    public Integer call() throws IOException {
        if (output.json()) {
            throw CommandException.wrongUsage("chat is for people and has no --json: use ./lab generate --json");
        }
        SamplingParams params = sampling.params(0.7);
        int maxTokens = sampling.maxTokens();
        CausalLm loaded = model.load(output, solution.mine());
        Generator generator = solution.apply(new Generator(loaded), output);
        output.note("Talking with " + loaded.name() + ". /reset forgets the conversation, /quit ends it.");
        BufferedReader in = new BufferedReader(new InputStreamReader(main.in(), StandardCharsets.UTF_8));
        try (Conversation talk = generator.conversation()) {
            converse(talk, in, params, maxTokens);
        }
        return 0;
    }

    private void converse(Conversation talk, BufferedReader in, SamplingParams params, int maxTokens)
            throws IOException {
        List<Map<String, Object>> messages = beginning();
        while (true) {
            output.err().print("> ");
            output.err().flush();
            String line = in.readLine();
            if (line == null || line.strip().equals("/quit")) {
                return;
            }
            if (line.strip().equals("/reset")) {
                messages = beginning();
            } else if (!line.isBlank()) {
                answer(talk, messages, line, params, maxTokens);
            }
        }
    }

    private List<Map<String, Object>> beginning() {
        List<Map<String, Object>> messages = new ArrayList<>();
        if (system != null) {
            messages.add(message("system", system));
        }
        return messages;
    }

    /** An answer that cannot be given leaves the conversation as it was. */
    private void answer(
            Conversation talk, List<Map<String, Object>> messages, String line, SamplingParams params, int maxTokens) {
        messages.add(message("user", line));
        try {
            Completion done = talk.chat(messages, params, maxTokens, this::show);
            output.out().println();
            output.out().flush();
            messages.add(message("assistant", done.text()));
        } catch (IllegalArgumentException e) {
            messages.removeLast();
            output.note("lab: " + e.getMessage() + " (/reset forgets the conversation)");
        }
    }

    private void show(String piece) {
        output.out().print(piece);
        output.out().flush();
    }

    private static Map<String, Object> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }
}
