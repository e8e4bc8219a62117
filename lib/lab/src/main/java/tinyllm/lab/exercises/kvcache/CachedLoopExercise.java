package tinyllm.lab.exercises.kvcache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.engine.CachedLoop;
import tinyllm.engine.CachedLoopFn;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.Tensor;

/** Exercise "2.1 decode", on a toy model that remembers what it has read and whose next token depends on all of it. */
public final class CachedLoopExercise {

    private static final int VOCABULARY = 23;
    private static final int END = 5;

    /** @param endAfter the toy ends the text when it has read this many tokens, or never when negative */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Task(int[] prompt, int maxTokens, int endAfter) {}

    public static final Exercise<CachedLoopFn> DECODE = Exercise.of("2.1 decode", CachedLoopFn.class)
            .title("The decode loop with a cache")
            .reference(CachedLoop::new)
            .hint(
                    "Prefill: one call of model.next with the whole prompt. Decode: one call for each chosen token, with that"
                            + " token alone.")
            .hint(
                    "The order of a turn: choose from the last logits; if it is the end, stop; keep it; if there are maxTokens,"
                            + " stop; read it for the next logits.")
            .hint("Tensor logits = model.next(prompt); then, in the loop: int token = choose.token(logits); … logits ="
                    + " model.next(token). A token that nothing follows is never read.")
            .check(situation("runs to the limit", 4, 6, -1))
            .check(situation("one token", 3, 1, -1))
            .check(situation("a prompt of one token", 1, 5, -1))
            .check(situation("a prompt longer than the limit", 9, 3, -1))
            .check(situation("ends early", 3, 8, 6))
            .check(situation("ends at once", 4, 5, 4))
            .check(situation("ends with the last token allowed", 2, 4, 5))
            .mistake(
                    "the whole text each time",
                    "The whole text went into the model again for each token. It remembers: give it the chosen token alone,"
                            + " or it reads the old ones twice.",
                    loop((turn, text) -> text.tokens()))
            .mistake(
                    "the prompt token by token",
                    "The prompt went in token by token. That is right and slow: in one call the weights are read once for all"
                            + " of it.",
                    () -> (model, prompt, max, end, choose) -> {
                        Text text = new Text(prompt, max);
                        for (int i = 0; i < prompt.length - 1; i++) {
                            model.next(prompt[i]);
                        }
                        return decode(
                                text,
                                model,
                                end::test,
                                choose::token,
                                (turn, t) -> turn == 0 ? new int[] {prompt[prompt.length - 1]} : t.last());
                    })
            .mistake(
                    "the prompt's last token alone",
                    "Only the prompt's last token was read, so the model answers without the question. Read the whole prompt"
                            + " first.",
                    loop((turn, text) -> text.last()))
            .mistake(
                    "the prompt each time",
                    "The prompt was read again for each token; after the first call the model knows it.",
                    loop((turn, text) -> text.prompt()))
            .mistake(
                    "the token before",
                    "The model was given the token before the chosen one: after choosing, the new token is what comes next.",
                    loop((turn, text) -> turn == 0 ? text.prompt() : text.oneBefore()))
            .mistake(
                    "reads what nothing follows",
                    "The last token was read too. Nothing is chosen after it, so that step, as dear as any other, is wasted.",
                    () -> (model, prompt, max, end, choose) -> {
                        Text text = new Text(prompt, max);
                        Tensor logits = model.next(prompt);
                        for (int i = 0; i < max; i++) {
                            int token = choose.token(logits);
                            if (end.test(token)) {
                                break;
                            }
                            text.add(token);
                            logits = model.next(token);
                        }
                        return text.answer();
                    })
            .mistake(
                    "keeps the end token",
                    "The end token is part of the answer. It only says that the text is over: stop before keeping it.",
                    () -> (model, prompt, max, end, choose) -> {
                        Text text = new Text(prompt, max);
                        Tensor logits = model.next(prompt);
                        while (true) {
                            int token = choose.token(logits);
                            text.add(token);
                            if (end.test(token) || text.full()) {
                                return text.answer();
                            }
                            logits = model.next(token);
                        }
                    })
            .mistake(
                    "never ends",
                    "The loop ran on after the end token: ask isEnd for every chosen token.",
                    () -> (model, prompt, max, end, choose) ->
                            decode(new Text(prompt, max), model, id -> false, choose::token, CachedLoopExercise::right))
            .mistake(
                    "one token too many",
                    "One token more than maxTokens was generated.",
                    () -> (model, prompt, max, end, choose) -> decode(
                            new Text(prompt, max + 1), model, end::test, choose::token, CachedLoopExercise::right))
            .mistake(
                    "counts the prompt",
                    "maxTokens counts generated tokens only; here the prompt counted too.",
                    () -> (model, prompt, max, end, choose) -> {
                        Text text = new Text(prompt, Math.max(max - prompt.length, 0));
                        return text.full()
                                ? text.answer()
                                : decode(text, model, end::test, choose::token, CachedLoopExercise::right);
                    })
            .mistake(
                    "returns the prompt too",
                    "The prompt came back with the answer: return only what was generated.",
                    () -> (model, prompt, max, end, choose) -> {
                        Text text = new Text(prompt, max);
                        decode(text, model, end::test, choose::token, CachedLoopExercise::right);
                        return text.tokens();
                    })
            .mistake(
                    "empty places behind the answer",
                    "The answer came with empty places behind it: an answer that ends early has fewer than maxTokens tokens, so"
                            + " cut the array.",
                    () -> (model, prompt, max, end, choose) -> Arrays.copyOf(
                            decode(new Text(prompt, max), model, end::test, choose::token, CachedLoopExercise::right),
                            max))
            .build();

    private CachedLoopExercise() {}

    /** A text that grows. */
    private static final class Text {
        private final int[] prompt;
        private final int[] answer;
        private int length;

        Text(int[] prompt, int maxTokens) {
            this.prompt = prompt;
            this.answer = new int[maxTokens];
        }

        void add(int token) {
            answer[length++] = token;
        }

        boolean full() {
            return length == answer.length;
        }

        int[] prompt() {
            return prompt;
        }

        int[] answer() {
            return Arrays.copyOf(answer, length);
        }

        int[] tokens() {
            int[] all = Arrays.copyOf(prompt, prompt.length + length);
            System.arraycopy(answer, 0, all, prompt.length, length);
            return all;
        }

        int[] last() {
            int[] all = tokens();
            return new int[] {all[all.length - 1]};
        }

        int[] oneBefore() {
            int[] all = tokens();
            return new int[] {all[all.length - 2]};
        }
    }

    /** What the model is given in a turn. */
    private interface Given {
        int[] in(int turn, Text text);
    }

    private interface Choice {
        int of(Tensor logits);
    }

    private interface End {
        boolean is(int token);
    }

    private static int[] right(int turn, Text text) {
        return turn == 0 ? text.prompt() : text.last();
    }

    private static java.util.function.Supplier<CachedLoopFn> loop(Given given) {
        return () -> (model, prompt, max, end, choose) ->
                decode(new Text(prompt, max), model, end::test, choose::token, given);
    }

    private static int[] decode(Text text, CachedLoopFn.CachedModel model, End end, Choice choose, Given given) {
        for (int turn = 0; !text.full(); turn++) {
            int token = choose.of(model.next(given.in(turn, text)));
            if (end.is(token)) {
                break;
            }
            text.add(token);
        }
        return text.answer();
    }

    private static Case<CachedLoopFn> situation(String name, int promptLength, int maxTokens, int endAfter) {
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

    private static Map<String, Object> run(CachedLoopFn answer, Task task) {
        List<Integer> read = new ArrayList<>();
        List<Integer> calls = new ArrayList<>();
        int[] tokens = answer.generate(
                given -> {
                    if (given.length == 0) {
                        throw new IllegalArgumentException("model.next was given no token");
                    }
                    if (calls.size() > 3 * task.maxTokens() + 3 * task.prompt().length) {
                        throw new IllegalStateException("the model was asked far more often than " + task.maxTokens()
                                + " tokens need: the loop does not end");
                    }
                    calls.add(given.length);
                    Arrays.stream(given).forEach(read::add);
                    return logits(read, task.endAfter());
                },
                task.prompt().clone(),
                task.maxTokens(),
                id -> id == END,
                logits -> logits.argmax(0).toInts()[0]);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("tokens", tokens);
        result.put(
                "tokens that each call of model.next was given",
                calls.stream().mapToInt(n -> n).toArray());
        result.put("what the model read", read.stream().mapToInt(n -> n).toArray());
        return result;
    }

    /** The most likely token is a mixture of all that was read, and never the end token by chance. */
    private static Tensor logits(List<Integer> read, int endAfter) {
        int mixed = 17;
        for (int id : read) {
            mixed = 31 * mixed + id;
        }
        int next = read.size() == endAfter ? END : END + 1 + Math.floorMod(mixed, VOCABULARY - END - 1);
        float[] values = new float[VOCABULARY];
        values[next] = 1;
        return Tensor.of(values);
    }
}
