package tinyllm.lab.exercises.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import tinyllm.engine.GenerateFn;
import tinyllm.engine.UncachedLoop;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.Tensor;

/** Exercise "1.6 generate", on a toy model whose next token depends on the whole text. */
public final class GenerateExercise {

    private static final int VOCABULARY = 23;
    private static final int END = 5;

    /** @param endAfter the toy ends the text when it has this many tokens, or never when negative */
    private record Task(int[] prompt, int maxTokens, int endAfter) {}

    public static final Exercise<GenerateFn> GENERATE = Exercise.of("1.6 generate", GenerateFn.class)
            .title("The decode loop")
            .reference(UncachedLoop::new)
            .hint(
                    "Each turn: ask model.after(the whole text so far), choose a token, append it. The text begins with the prompt.")
            .hint(
                    "Two ways out: isEnd says that the chosen token ends the text (it is not part of the answer), or there are"
                            + " maxTokens generated tokens.")
            .hint(
                    "Keep the text in an array of prompt.length + maxTokens and give the model Arrays.copyOf(text, length); return"
                            + " Arrays.copyOfRange(text, prompt.length, length).")
            .check(situation("runs to the limit", 4, 6, -1))
            .check(situation("one token", 3, 1, -1))
            .check(situation("a prompt of one token", 1, 5, -1))
            .check(situation("a prompt longer than the limit", 9, 3, -1))
            .check(situation("ends early", 3, 8, 6))
            .check(situation("ends at once", 4, 5, 4))
            .check(situation("ends with the last token allowed", 2, 4, 5))
            .check(situation("no token allowed", 4, 0, -1))
            .mistake(
                    "only the last token",
                    "The model was given the last token alone, so it forgot the text before: without a cache it must read all of it"
                            + " again each time.",
                    () -> (model, prompt, max, end, choose) -> loop(prompt, max, text -> {
                        int[] seen = text.length > prompt.length ? new int[] {text[text.length - 1]} : text;
                        return pick(model, choose, end, seen);
                    }))
            .mistake(
                    "only the last token, of the prompt too",
                    "The model was given one token each time, so it never saw the text before: without a cache it must read all"
                            + " of it again each time.",
                    () -> (model, prompt, max, end, choose) ->
                            loop(prompt, max, text -> pick(model, choose, end, new int[] {text[text.length - 1]})))
            .mistake(
                    "its own choice",
                    "The most likely token was taken whatever choose says: choose.token(logits) picks the id.",
                    () -> (model, prompt, max, end, choose) -> loop(
                            prompt,
                            max,
                            text -> pick(model, logits -> logits.argmax(-1).toInts()[0], end, text)))
            .mistake(
                    "one look for all tokens",
                    "The model was asked once, and every token was chosen from that answer: it has to be asked again after each"
                            + " new token.",
                    () -> (model, prompt, max, end, choose) -> {
                        Tensor logits = model.after(prompt);
                        return loop(prompt, max, text -> {
                            int next = choose.token(logits);
                            return end.test(next) ? -1 : next;
                        });
                    })
            .mistake(
                    "only the prompt",
                    "The model was asked for the token after the prompt every time: the chosen token has to be appended before the"
                            + " next turn.",
                    () -> (model, prompt, max, end, choose) ->
                            loop(prompt, max, text -> pick(model, choose, end, prompt)))
            .mistake(
                    "only what was generated",
                    "The prompt was dropped after the first turn: the model must read prompt and answer together.",
                    () -> (model, prompt, max, end, choose) -> loop(prompt, max, text -> {
                        int[] seen = text.length > prompt.length
                                ? Arrays.copyOfRange(text, prompt.length, text.length)
                                : text;
                        return pick(model, choose, end, seen);
                    }))
            .mistake(
                    "keeps the end token",
                    "The end token is part of the answer. It only says that the text is over: stop before appending it.",
                    () -> (model, prompt, max, end, choose) -> {
                        boolean[] over = {false};
                        return loop(prompt, max, text -> {
                            if (over[0]) {
                                return -1;
                            }
                            int next = choose.token(model.after(text));
                            over[0] = end.test(next);
                            return next;
                        });
                    })
            .mistake(
                    "never ends",
                    "The loop ran on after the end token: ask isEnd for every chosen token.",
                    () -> (model, prompt, max, end, choose) ->
                            loop(prompt, max, text -> pick(model, choose, id -> false, text)))
            .mistake(
                    "one turn before it counts",
                    "With a maxTokens of 0 a token came all the same: the loop runs once before it asks how many are allowed. Ask"
                            + " first, with for or while; a do … while asks too late.",
                    () -> (model, prompt, max, end, choose) ->
                            loop(prompt, Math.max(1, max), text -> pick(model, choose, end, text)))
            .mistake(
                    "one token too many",
                    "One token more than maxTokens was generated.",
                    () -> (model, prompt, max, end, choose) ->
                            loop(prompt, max + 1, text -> pick(model, choose, end, text)))
            .mistake(
                    "one token too few",
                    "One token less than maxTokens was generated.",
                    () -> (model, prompt, max, end, choose) ->
                            loop(prompt, max - 1, text -> pick(model, choose, end, text)))
            .mistake(
                    "counts the prompt",
                    "maxTokens counts generated tokens only; here the prompt counted too.",
                    () -> (model, prompt, max, end, choose) ->
                            loop(prompt, max - prompt.length, text -> pick(model, choose, end, text)))
            .mistake(
                    "returns the prompt too",
                    "The prompt came back with the answer: return only what was generated.",
                    () -> (model, prompt, max, end, choose) -> {
                        int[] answer = loop(prompt, max, text -> pick(model, choose, end, text));
                        int[] all = Arrays.copyOf(prompt, prompt.length + answer.length);
                        System.arraycopy(answer, 0, all, prompt.length, answer.length);
                        return all;
                    })
            .build();

    private GenerateExercise() {}

    private interface Turn {
        /** The next token, or -1 to stop. */
        int next(int[] text);
    }

    private static int[] loop(int[] prompt, int max, Turn turn) {
        int[] text = prompt.clone();
        for (int i = 0; i < max; i++) {
            int next = turn.next(text);
            if (next < 0) {
                break;
            }
            text = Arrays.copyOf(text, text.length + 1);
            text[text.length - 1] = next;
        }
        return Arrays.copyOfRange(text, prompt.length, text.length);
    }

    private static int pick(GenerateFn.NextLogits model, GenerateFn.Choose choose, IntPredicate end, int[] text) {
        int next = choose.token(model.after(text));
        return end.test(next) ? -1 : next;
    }

    private static Case<GenerateFn> situation(String name, int promptLength, int maxTokens, int endAfter) {
        return Case.of(
                name,
                seed -> new Task(prompt(seed, promptLength), maxTokens, endAfter),
                (answer, task) -> run(answer, task));
    }

    /** Ids above the end token. */
    private static int[] prompt(long seed, int length) {
        return Arrays.stream(new Draw(seed).ids(length, VOCABULARY - END - 1))
                .map(id -> id + END + 1)
                .toArray();
    }

    private static Map<String, Object> run(GenerateFn answer, Task task) {
        List<Integer> lengths = new ArrayList<>();
        int[] tokens = answer.generate(
                text -> {
                    if (lengths.size() > 3 * task.maxTokens() + 3) {
                        throw new IllegalStateException("the model was asked more often than " + task.maxTokens()
                                + " tokens need: the loop does not end");
                    }
                    lengths.add(text.length);
                    return logits(text, task.endAfter());
                },
                task.prompt().clone(),
                task.maxTokens(),
                id -> id == END,
                GenerateExercise::second);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("tokens", tokens);
        result.put(
                "length of the text at each call of the model",
                lengths.stream().mapToInt(n -> n).toArray());
        return result;
    }

    /** Never the most likely token, so that nobody's own choice of it passes. */
    private static int second(Tensor logits) {
        return logits.neg().argsort(-1).toInts()[1];
    }

    /** The second most likely token is a mixture of the whole text, and never the end token by chance. */
    private static Tensor logits(int[] text, int endAfter) {
        int mixed = 17;
        for (int id : text) {
            mixed = 31 * mixed + id;
        }
        int next = text.length == endAfter ? END : END + 1 + Math.floorMod(mixed, VOCABULARY - END - 1);
        float[] values = new float[VOCABULARY];
        values[next] = 1;
        values[END - 1] = 2;
        return Tensor.of(values);
    }
}
