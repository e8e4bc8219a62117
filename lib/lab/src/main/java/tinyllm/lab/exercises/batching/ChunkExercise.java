package tinyllm.lab.exercises.batching;

import java.util.Arrays;
import java.util.function.LongFunction;
import tinyllm.engine.ChunkFn;
import tinyllm.engine.FirstPromptFirst;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;

/** Exercise "2.7 chunks". */
public final class ChunkExercise {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Step(int[] missing, int decodeRows, int stepTokens, int chunkTokens) {}

    public static final Exercise<ChunkFn> CHUNKS = Exercise.of("2.7 chunks", ChunkFn.class)
            .title("A step's budget for prompts")
            .reference(FirstPromptFirst::new)
            .hint(
                    "Two limits: the step has stepTokens in all, the decode rows among them; and while somebody decodes, prompts"
                            + " get chunkTokens together.")
            .hint(
                    "left = stepTokens − decodeRows, and if decodeRows > 0 no more than chunkTokens. Then prompt by prompt: what it"
                            + " lacks, or what is left.")
            .hint("tokens[i] = Math.min(missing[i], left); left -= tokens[i];")
            .check(step("a prompt alone", seed -> new Step(longPrompt(seed), 0, 64, 16)))
            .check(step("a prompt beside three that decode", seed -> new Step(longPrompt(seed), 3, 64, 16)))
            .check(step("a short prompt", seed -> new Step(drawn(seed, 9), 3, 64, 16)))
            .check(step("two prompts, room for both", seed -> new Step(drawn(seed, 6, 7), 2, 64, 16)))
            .check(step(
                    "two prompts share a chunk",
                    seed -> new Step(new int[] {11, new Draw(seed).between(9, 30)}, 2, 64, 16)))
            .check(step("three prompts, the first takes all", seed -> new Step(new int[] {40, 5, 3}, 1, 64, 16)))
            .check(step("four prompts and nobody decodes", seed -> new Step(new int[] {30, 30, 30, 4}, 0, 64, 16)))
            .check(step("the decode rows leave less than a chunk", seed -> new Step(drawn(seed, 60), 58, 64, 16)))
            .check(step("the decode rows take all", seed -> new Step(drawn(seed, 60, 4), 64, 64, 16)))
            .check(step("a chunk of one token", seed -> new Step(longPrompt(seed), 4, 64, 1)))
            .check(step("a chunk larger than the step", seed -> new Step(longPrompt(seed), 4, 64, 500)))
            .check(step("no prompt", seed -> new Step(new int[0], 4, 64, 16)))
            .mistake(
                    "no chunk",
                    "The prompt takes all of the step while others decode: they wait for as long as that takes. While"
                            + " somebody decodes, prompts get chunkTokens at most.",
                    () -> (missing, rows, step, chunk) -> share(missing, step - rows))
            .mistake(
                    "a chunk when nobody waits",
                    "The prompt gets a mere chunk although nobody decodes. Nobody waits then, and the more"
                            + " tokens share the reading of the weights, the better.",
                    () -> (missing, rows, step, chunk) -> share(missing, Math.min(step - rows, chunk)))
            .mistake(
                    "a chunk each",
                    "Every prompt got a chunk of its own. Who decodes waits for all of them: chunkTokens is for the"
                            + " prompts together.",
                    () -> (missing, rows, step, chunk) -> {
                        int[] tokens = missing.clone();
                        for (int i = 0; i < tokens.length; i++) {
                            tokens[i] = Math.min(missing[i], rows > 0 ? Math.min(chunk, step - rows) : step);
                        }
                        return tokens;
                    })
            .mistake(
                    "decode rows not counted",
                    "The decode rows are tokens of the step too: stepTokens − decodeRows are left for" + " prompts.",
                    () -> (missing, rows, step, chunk) -> share(missing, rows > 0 ? Math.min(step, chunk) : step))
            .mistake(
                    "decode rows taken from the chunk",
                    "The decode rows were taken off the chunk. chunkTokens counts the prompts'"
                            + " tokens alone; it is stepTokens that counts all.",
                    () -> (missing, rows, step, chunk) ->
                            share(missing, Math.max(0, Math.min(step, rows > 0 ? chunk : step) - rows)))
            .mistake(
                    "more than is missing",
                    "A prompt got more tokens than it has left: min(missing, what is left).",
                    () -> (missing, rows, step, chunk) -> {
                        int[] tokens = new int[missing.length];
                        if (tokens.length > 0) {
                            tokens[0] = left(rows, step, chunk);
                        }
                        return tokens;
                    })
            .mistake(
                    "the first alone",
                    "Only the first prompt got something, and what it left of the budget was lost. Give it to the"
                            + " next.",
                    () -> (missing, rows, step, chunk) -> {
                        int[] tokens = new int[missing.length];
                        if (tokens.length > 0) {
                            tokens[0] = Math.min(missing[0], left(rows, step, chunk));
                        }
                        return tokens;
                    })
            .mistake(
                    "the last first",
                    "The last prompt was served first. The order is that of the array: who came first gets its first"
                            + " token first.",
                    () -> (missing, rows, step, chunk) -> reversed(share(reversed(missing), left(rows, step, chunk))))
            .mistake(
                    "equal shares",
                    "The budget was cut into equal shares. Then all prompts are late: serve them one after the other,"
                            + " and the first has its token early.",
                    () -> (missing, rows, step, chunk) -> {
                        int[] tokens = missing.clone();
                        for (int i = 0; i < tokens.length; i++) {
                            tokens[i] = Math.min(missing[i], left(rows, step, chunk) / tokens.length);
                        }
                        return tokens;
                    })
            .mistake(
                    "whole prompts only",
                    "A prompt that does not fit whole got nothing, so a long one is never read. Give it what is"
                            + " left, and the rest in the next steps.",
                    () -> (missing, rows, step, chunk) -> {
                        int left = left(rows, step, chunk);
                        int[] tokens = new int[missing.length];
                        for (int i = 0; i < tokens.length; i++) {
                            tokens[i] = missing[i] <= left ? missing[i] : 0;
                            left -= tokens[i];
                        }
                        return tokens;
                    })
            .build();

    private ChunkExercise() {}

    private static int left(int rows, int step, int chunk) {
        return rows > 0 ? Math.min(step - rows, chunk) : step;
    }

    private static int[] share(int[] missing, int budget) {
        int left = budget;
        int[] tokens = new int[missing.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = Math.min(missing[i], left);
            left -= tokens[i];
        }
        return tokens;
    }

    private static int[] reversed(int[] values) {
        int[] other = new int[values.length];
        Arrays.setAll(other, i -> values[values.length - 1 - i]);
        return other;
    }

    private static Case<ChunkFn> step(String name, LongFunction<Step> step) {
        return Case.of(
                name,
                step,
                (answer, in) ->
                        answer.chunks(in.missing().clone(), in.decodeRows(), in.stepTokens(), in.chunkTokens()));
    }

    private static int[] longPrompt(long seed) {
        return new int[] {new Draw(seed).between(70, 200)};
    }

    private static int[] drawn(long seed, int... most) {
        Draw draw = new Draw(seed);
        int[] missing = new int[most.length];
        Arrays.setAll(missing, i -> draw.between(Math.max(1, most[i] / 2), most[i]));
        return missing;
    }
}
