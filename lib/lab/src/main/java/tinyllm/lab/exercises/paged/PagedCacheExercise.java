package tinyllm.lab.exercises.paged;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import tinyllm.cache.PagedKvArrays;
import tinyllm.cache.PooledKvArrays;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;

/** Exercise "3.1 cache". */
public final class PagedCacheExercise {

    public static final Exercise<PagedKvArrays> CACHE = mistakes(Exercise.of("3.1 cache", PagedKvArrays.class)
                    .title("Many sequences in the pages of one memory")
                    .reference(PooledKvArrays::new)
                    .hint(
                            "A sequence is its block table. reserve makes it longer by the pages that are missing, append and read go"
                                    + " through its rows, keep cuts it and gives the rest back.")
                    .hint(
                            "reserve: take blocks.missing(table.length, length + tokens, pageTokens) pages and put them behind the table"
                                    + " (Arrays.copyOf, then System.arraycopy). copy: one System.arraycopy of width numbers for each row.")
                    .hint(
                            "keep: kept = Math.min(table.length, Math.ceilDiv(tokens, pageTokens)); pool.give(Arrays.copyOfRange(table,"
                                    + " kept, table.length)); tables.put(sequence, Arrays.copyOf(table, kept))."))
            .check(run("a prompt", 4, run -> run.step(0, 6)))
            .check(run(
                    "a prompt, then token by token",
                    4,
                    run -> run.step(0, 3).step(0, 1).step(0, 1).step(0, 1)))
            .check(run(
                    "two take turns",
                    8,
                    run -> run.step(0, 3)
                            .step(1, 2)
                            .step(0, 3)
                            .step(1, 4)
                            .step(0, 1)
                            .step(1, 1)))
            .check(run(
                    "pages that are filled exactly",
                    4,
                    run -> run.step(0, 4).step(0, 4).step(1, 4)))
            .check(run(
                    "one ends, another takes its pages",
                    3,
                    run -> run.step(0, 7).step(1, 2).keep(0, 0).step(2, 5).step(1, 1)))
            .check(run(
                    "one ends and begins anew",
                    6,
                    run -> run.step(0, 6).step(1, 3).keep(0, 0).step(0, 5).step(1, 3)))
            .check(run("too few pages", 3, run -> run.step(0, 5).step(1, 9).step(1, 3)))
            .check(run(
                    "too few, and some are there",
                    3,
                    run -> run.step(0, 3).step(1, 4).step(0, 9).step(0, 1)))
            .check(run(
                    "the last tokens are forgotten",
                    5,
                    run -> run.step(0, 11).keep(0, 6).step(1, 4).step(0, 3)))
            .check(run(
                    "forgotten up to a border",
                    5,
                    run -> run.step(0, 11).keep(0, 8).step(1, 3).step(0, 2)))
            .check(run(
                    "a step breaks off",
                    6,
                    run -> run.step(0, 3).breaksOff(0, 6).step(1, 2).step(0, 6)))
            .check(run(
                    "broken off, and given up",
                    6,
                    run -> run.step(0, 3).breaksOff(0, 9).keep(0, 3).step(1, 9)))
            .check(run("an end without a beginning", 3, run -> run.keep(5, 0).step(0, 9)))
            .check(run(
                    "begun anew", 3, run -> run.step(0, 7).begin(2).step(0, 3).step(1, 4)))
            .build();

    private PagedCacheExercise() {}

    private static Exercise.Builder<PagedKvArrays> mistakes(Exercise.Builder<PagedKvArrays> exercise) {
        return reading(exercise)
                .mistake(
                        "new pages for each step",
                        "Every step takes pages of its own, although the last page has room: each token alone would fill a page."
                                + " Take only what is missing for length + tokens.",
                        () -> new PagedSteps() {
                            @Override
                            int missing(int held, int length, int tokens) {
                                return Math.ceilDiv(tokens, pageTokens);
                            }
                        })
                .mistake(
                        "the new tokens alone",
                        "The pages for the new tokens were counted without those that the sequence has: it is length + tokens that"
                                + " need room.",
                        () -> new PagedSteps() {
                            @Override
                            int missing(int held, int length, int tokens) {
                                return Math.max(0, Math.ceilDiv(tokens, pageTokens) - held);
                            }
                        })
                .mistake(
                        "page by page",
                        "The pages were taken one by one, and when none was left those already taken were lost. Ask for all of them"
                                + " in one take: then it is all or none.",
                        () -> new PagedSteps() {
                            @Override
                            int[] take(int count) {
                                int[] pages = new int[count];
                                for (int i = 0; i < count; i++) {
                                    pages[i] = pool.take(1)[0];
                                }
                                return pages;
                            }
                        })
                .mistake(
                        "new pages in front",
                        "The new pages stand in front of the old ones: the table is in the order of the tokens, so they come behind.",
                        () -> new PagedSteps() {
                            @Override
                            int[] joined(int[] table, int[] taken) {
                                return super.joined(taken, table);
                            }
                        })
                .mistake(
                        "forgets the old table",
                        "The new pages replaced the table: it holds those of before, and the new ones behind them.",
                        () -> new PagedSteps() {
                            @Override
                            int[] joined(int[] table, int[] taken) {
                                return taken.length == 0 ? table : taken;
                            }
                        })
                .mistake(
                        "pages are never given back",
                        "A sequence that ends keeps its pages: give them to the pool, or it is empty soon.",
                        () -> new PagedSteps() {
                            @Override
                            void give(int[] pages) {}
                        })
                .mistake(
                        "the table stays",
                        "The pages were given back and still stand in the table: the sequence writes into pages that belong to"
                                + " another by then. Cut the table.",
                        () -> new PagedSteps() {
                            @Override
                            public void keep(int sequence, int tokens) {
                                int[] table = table(sequence);
                                give(Arrays.copyOfRange(table, kept(tokens, table.length), table.length));
                            }
                        })
                .mistake(
                        "a page too few is kept",
                        "A page that is still half full was given back: the first tokens fill tokens / T pages, rounded up.",
                        () -> new PagedSteps() {
                            @Override
                            int kept(int tokens, int held) {
                                return Math.min(held, tokens / pageTokens);
                            }
                        })
                .mistake(
                        "all pages go",
                        "All pages were given back although some tokens were to be kept: only those behind them go.",
                        () -> new PagedSteps() {
                            @Override
                            int kept(int tokens, int held) {
                                return 0;
                            }
                        })
                .mistake(
                        "a page too many is kept",
                        "An empty page was kept: 8 tokens in pages of 4 fill 2 pages, and no third.",
                        () -> new PagedSteps() {
                            @Override
                            int kept(int tokens, int held) {
                                return Math.min(held, tokens / pageTokens + 1);
                            }
                        })
                .mistake(
                        "begins with the old tables",
                        "begin starts with pages that are all free, and the sequences of before still have their tables: clear them.",
                        () -> new PagedSteps() {
                            @Override
                            void forget() {}
                        });
    }

    /** Mistakes about rows. */
    private static Exercise.Builder<PagedKvArrays> reading(Exercise.Builder<PagedKvArrays> exercise) {
        return exercise.mistake(
                        "one table for all",
                        "All sequences share one block table, so each writes over the others. Every sequence has its own.",
                        () -> new PagedSteps() {
                            @Override
                            int owner(int sequence) {
                                return 0;
                            }
                        })
                .mistake(
                        "one memory for all layers",
                        "All layers write into one memory. A page has rows in every layer: the same row numbers, other numbers in"
                                + " them.",
                        () -> new PagedSteps() {
                            @Override
                            int memory(int layer) {
                                return 0;
                            }
                        })
                .mistake(
                        "over the first tokens",
                        "The new tokens were written over the first ones: a step's first token is number length.",
                        () -> new PagedSteps() {
                            @Override
                            int first(int length) {
                                return 0;
                            }
                        })
                .mistake(
                        "side by side",
                        "The rows were counted on from the first page's beginning, but the second page lies somewhere else: look up"
                                + " the row of every token, in writing and in reading.",
                        () -> new PagedSteps() {
                            @Override
                            int row(int[] table, int token) {
                                return (table[0] * pageTokens + token) % (keys[0].length / width);
                            }
                        })
                .mistake(
                        "read side by side",
                        "What was written through the table was read without it, as if the pages lay side by side: reading looks up"
                                + " each row, too.",
                        () -> new PagedSteps() {
                            @Override
                            float[] read(float[] memory, int[] table, int tokens) {
                                float[] read = new float[tokens * width];
                                for (int i = 0; i < read.length; i++) {
                                    read[i] = memory[(table[0] * pageTokens * width + i) % memory.length];
                                }
                                return read;
                            }
                        })
                .mistake(
                        "keys and values swapped",
                        "Keys and values changed places: keys(…) has to give what append got as keys.",
                        () -> new PagedSteps() {
                            @Override
                            public void append(int sequence, int layer, int length, float[] k, float[] v) {
                                super.append(sequence, layer, length, v, k);
                            }
                        })
                .mistake(
                        "the first row alone",
                        "Of a step's rows only the first was written: keys.length / width tokens came.",
                        () -> new PagedSteps() {
                            @Override
                            int count(float[] rows) {
                                return 1;
                            }
                        });
    }

    private static Case<PagedKvArrays> run(String name, int pages, UnaryOperator<PagedRun> actions) {
        return Case.of(
                name,
                seed -> seed,
                (arrays, seed) ->
                        actions.apply(new PagedRun(arrays, seed, pages)).seen());
    }
}
