package tinyllm.engine;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tinyllm.sampling.SamplingParams;

/**
 * One conversation with a memory of its own (chapter 2.1): each turn's prompt begins with the turns before, and only what is new passes
 * through the layers. For one thread.
 */
public final class Conversation implements AutoCloseable {
    private final Generator generator;
    private final CachedText text;
    private int read;

    Conversation(Generator generator, CachedText text) {
        this.generator = generator;
        this.text = text;
    }

    /** Answers the messages so far; errors are those of {@link Generator#complete}. */
    public Completion chat(
            List<Map<String, Object>> messages, SamplingParams sampling, int maxTokens, Consumer<String> onText) {
        int before = text.read();
        try {
            return generator.complete(text, generator.prompt(messages), sampling, maxTokens, onText);
        } finally {
            read = text.read() - before;
        }
    }

    /** Tokens that passed through the layers for the last answer: those of the prompt that were new, and all of the answer but the last. */
    public int tokensRead() {
        return read;
    }

    /** Bytes of keys and values held. */
    public long nbytes() {
        return text.nbytes();
    }

    /** Frees the memory. Closing again does nothing. */
    @Override
    public void close() {
        text.close();
    }
}
