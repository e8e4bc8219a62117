package tinyllm.lab.exercises.kvcache;

import java.util.Arrays;
import java.util.function.Consumer;
import tinyllm.cache.GrowingKvArrays;
import tinyllm.cache.KvArrays;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;

/** Exercise "2.1 cache". */
public final class CacheExercise {

    private static final int MANY = 1_000;

    public static final Exercise<KvArrays> CACHE = Exercise.of("2.1 cache", KvArrays.class)
            .title("Keys and values that are kept")
            .reference(GrowingKvArrays::new)
            .hint(
                    "A row has width numbers, so layer i's new rows begin at place lengths[i] * width. A layer's length grows"
                            + " by keys.length / width: a step may bring many tokens.")
            .hint(
                    "Room: while the array is long enough, System.arraycopy alone. Else Arrays.copyOf(array, …) with twice"
                            + " the length first, or what is needed if that is more.")
            .hint(
                    "length() is the smallest of the layers' lengths, so it moves on when the last layer has its rows."
                            + " rewind checks its argument, then sets every layer's length to length() - tokens; no array is touched.")
            .check(situation("one token", 2, 3, run -> run.step(1)))
            .check(situation("a prompt, then three tokens", 3, 4, run -> {
                run.step(5);
                run.step(1);
                run.step(1);
                run.step(1);
            }))
            .check(situation("a prompt in two steps", 2, 5, run -> {
                run.step(4);
                run.step(3);
            }))
            .check(situation("half-way through a step", 3, 2, run -> {
                run.step(3);
                run.append(0, 2);
                run.append(1, 2);
                run.append(2, 2);
            }))
            .check(situation("forgets two tokens, goes on", 2, 3, run -> {
                run.step(6);
                run.rewind(2);
                run.step(3);
            }))
            .check(situation("forgets all, goes on", 2, 3, run -> {
                run.step(4);
                run.rewind(4);
                run.step(2);
            }))
            .check(situation("after a step that broke off", 3, 2, run -> {
                run.step(3);
                run.append(0, 2);
                run.rewind(0);
                run.step(2);
            }))
            .check(situation("a new text", 2, 3, run -> {
                run.step(4);
                run.begin(3, 2);
                run.step(2);
            }))
            .check(Case.refused(
                    "forgets more than there is",
                    seed -> seed,
                    (cache, seed) ->
                            new CacheRun(cache, seed, 2, 3).step(3).rewind(4).seen(),
                    IllegalArgumentException.class))
            .check(Case.refused(
                    "forgets fewer than none",
                    seed -> seed,
                    (cache, seed) ->
                            new CacheRun(cache, seed, 2, 3).step(3).rewind(-1).seen(),
                    IllegalArgumentException.class))
            .check(Case.of(
                    "a thousand tokens", seed -> seed, (cache, seed) -> new CacheRun(cache, seed, 2, 4).oneByOne(MANY)))
            .mistake(
                    "grows by what is needed",
                    "Every token makes a new array and copies the whole past into it: n tokens copy n²/2 rows. When an array is"
                            + " full, make it much longer, twice as long for instance.",
                    () -> new CacheSteps() {
                        @Override
                        float[] room(float[] memory, int needed) {
                            return Arrays.copyOf(memory, needed);
                        }
                    })
            .mistake(
                    "takes all at once",
                    "The first token already takes the memory of a very long text. Begin small, and grow when it is full.",
                    () -> new CacheSteps() {
                        @Override
                        int first() {
                            return 100_000;
                        }
                    })
            .mistake(
                    "grows without the past",
                    "What was known is lost when the array grows: copy the old rows into the new array.",
                    () -> new CacheSteps() {
                        @Override
                        float[] room(float[] memory, int needed) {
                            return needed <= memory.length ? memory : new float[2 * needed];
                        }

                        @Override
                        int first() {
                            return 0;
                        }
                    })
            .mistake(
                    "keeps the last step only",
                    "A step's rows were written over those before: they belong behind what the layer holds, from"
                            + " length * width on.",
                    () -> new CacheSteps() {
                        @Override
                        int place(int layer) {
                            return 0;
                        }
                    })
            .mistake(
                    "place counted in numbers",
                    "The new rows begin at place length, counted in numbers; length counts tokens, and each has width numbers.",
                    () -> new CacheSteps() {
                        @Override
                        int place(int layer) {
                            return lengths[layer];
                        }
                    })
            .mistake(
                    "keys and values swapped",
                    "Keys and values changed places: keys(layer) has to give what append got as keys.",
                    () -> new CacheSteps() {
                        @Override
                        public void append(int layer, float[] newKeys, float[] newValues) {
                            super.append(layer, newValues, newKeys);
                        }
                    })
            .mistake(
                    "one memory for all layers",
                    "All layers write into one memory. Each layer has keys and values of its own.",
                    () -> new CacheSteps() {
                        @Override
                        int memory(int layer) {
                            return 0;
                        }
                    })
            .mistake(
                    "counts steps",
                    "The length grew by 1 for a step of several tokens: a step brings keys.length / width tokens.",
                    () -> new CacheSteps() {
                        @Override
                        int tokens(float[] newKeys) {
                            return 1;
                        }
                    })
            .mistake(
                    "counts every layer",
                    "The length counts a token once for each layer. A token is one token, however many layers hold its row.",
                    () -> new CacheSteps() {
                        @Override
                        public int length() {
                            return Arrays.stream(lengths).sum();
                        }
                    })
            .mistake(
                    "counts with the first layer",
                    "The length moved on as soon as the first layer had its rows. Half-way through a step the other layers still"
                            + " need the old length: it tells them the new tokens' positions.",
                    () -> new CacheSteps() {
                        @Override
                        public int length() {
                            return lengths[0];
                        }
                    })
            .mistake(
                    "rewind forgets nothing",
                    "After rewind the length is what it was: the last tokens are to be forgotten, and the next step writes over"
                            + " them.",
                    () -> new CacheSteps() {
                        @Override
                        void forget(int tokens) {}
                    })
            .mistake(
                    "rewinds one layer",
                    "Only one layer was rewound; the others still hold the tokens that were to be forgotten.",
                    () -> new CacheSteps() {
                        @Override
                        void forget(int tokens) {
                            lengths[lengths.length - 1] -= tokens;
                        }
                    })
            .mistake(
                    "keeps what broke off",
                    "A step that broke off left its rows in the first layers, and they stayed: rewind sets every layer to the"
                            + " same length, length() - tokens.",
                    () -> new CacheSteps() {
                        @Override
                        void forget(int tokens) {
                            Arrays.setAll(lengths, i -> lengths[i] - tokens);
                        }
                    })
            .mistake(
                    "rewinds past the start",
                    "A rewind by more than there is, or by less than 0, was taken: that is a caller's mistake, so throw an"
                            + " IllegalArgumentException.",
                    () -> new CacheSteps() {
                        @Override
                        void refuse(int tokens) {}
                    })
            .mistake(
                    "keeps the caller's array",
                    "The cache holds the very arrays that append was given. Their owner goes on using them, so the past changes:"
                            + " copy the numbers.",
                    () -> new CacheSteps() {
                        @Override
                        float[] put(float[] memory, int from, float[] rows) {
                            return from == 0 ? rows : super.put(memory, from, rows);
                        }
                    })
            .mistake(
                    "goes on with the old text",
                    "begin starts an empty cache, and the tokens of the text before are still in it.",
                    () -> new CacheSteps() {
                        @Override
                        int[] empty(int layers) {
                            return Arrays.copyOf(lengths, layers);
                        }
                    })
            .build();

    private CacheExercise() {}

    private static Case<KvArrays> situation(String name, int layers, int width, Consumer<CacheRun> actions) {
        return Case.of(name, seed -> seed, (cache, seed) -> {
            CacheRun run = new CacheRun(cache, seed, layers, width);
            actions.accept(run);
            return run.seen();
        });
    }
}
