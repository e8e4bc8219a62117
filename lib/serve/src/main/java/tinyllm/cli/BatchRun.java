package tinyllm.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Completion;
import tinyllm.engine.Engine;
import tinyllm.engine.GenerationException;
import tinyllm.engine.RefusedException;
import tinyllm.engine.RefusedException.Reason;
import tinyllm.engine.RequestHandle;

/** Feeds a file's prompts to an engine, and writes each answer as soon as it is there. */
final class BatchRun {
    private final BatchFile file;
    private final OutputOptions output;
    private int answered;
    private int failed;
    private long tokens;
    private @Nullable IOException broken;

    BatchRun(BatchFile file, OutputOptions output) {
        this.file = file;
        this.output = output;
    }

    int answered() {
        return answered;
    }

    int failed() {
        return failed;
    }

    long tokens() {
        return tokens;
    }

    /**
     * @param fit explains what is too long
     * @param window requests that are with the engine at once
     */
    void through(Engine engine, BatchRoom fit, int window) throws IOException, InterruptedException {
        Semaphore room = new Semaphore(window);
        try (BufferedWriter out = file.writer()) {
            for (BatchFile.Prompt prompt : file.open()) {
                room.acquire();
                check();
                String error = prompt.error();
                if (error != null) {
                    write(out, failure(prompt, error), 0);
                    room.release();
                } else {
                    submit(engine, fit, prompt, out, room);
                }
            }
            room.acquire(window); // all have ended
            check();
        }
    }

    private void submit(Engine engine, BatchRoom fit, BatchFile.Prompt prompt, BufferedWriter out, Semaphore room) {
        BatchLine asked = Objects.requireNonNull(prompt.asked());
        RequestHandle handle;
        try {
            handle = engine.submit(asked.request());
        } catch (RefusedException | IllegalArgumentException | IllegalStateException e) {
            boolean tooLong = e instanceof RefusedException refused && refused.reason() == Reason.TOO_LONG;
            write(out, failure(prompt, tooLong ? fit.sentence(asked) : e.getMessage()), 0);
            room.release();
            return;
        }
        Thread.ofVirtual().start(() -> {
            try {
                Completion done = handle.result();
                write(out, success(prompt, done), done.tokens().size());
            } catch (GenerationException e) {
                write(out, failure(prompt, e.getMessage()), 0);
            } finally {
                room.release();
            }
        });
    }

    /** The line's name and seed: with these alone somebody can ask for the same text again. */
    private Map<String, Object> begin(BatchFile.Prompt prompt) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("line", prompt.line());
        if (prompt.id() != null) {
            json.put("id", prompt.id());
        }
        BatchLine asked = prompt.asked();
        if (asked != null) {
            json.put("seed", asked.seed());
        }
        if (asked == null || !asked.ownSeed()) {
            json.put("base_seed", file.baseSeed());
        }
        return json;
    }

    private Map<String, Object> success(BatchFile.Prompt prompt, Completion done) {
        Map<String, Object> json = begin(prompt);
        json.put("text", done.text());
        json.put("finish_reason", done.finishReason());
        json.put("prompt_tokens", done.promptTokens());
        json.put("completion_tokens", done.tokens().size());
        return json;
    }

    private Map<String, Object> failure(BatchFile.Prompt prompt, @Nullable String error) {
        Map<String, Object> json = begin(prompt);
        json.put("error", String.valueOf(error));
        return json;
    }

    /** A line is on the disk before the next one is begun: whoever stops this loses nothing that was answered. */
    private synchronized void write(BufferedWriter out, Map<String, Object> line, int count) {
        try {
            out.write(BatchFile.write(line));
            out.write('\n');
            out.flush();
        } catch (IOException e) {
            broken = e;
            return;
        }
        if (line.containsKey("error")) {
            failed++;
            output.note("line " + line.get("line") + " failed: " + line.get("error"));
        } else {
            answered++;
            tokens += count;
        }
        int all = answered + failed;
        if (all % 16 == 0) {
            output.note((file.done() + all) + " of " + file.size());
        }
    }

    private synchronized void check() throws IOException {
        if (broken != null) {
            throw new IOException("the answers can't be written: " + broken.getMessage(), broken);
        }
    }
}
