package tinyllm.lab.exercises.paged;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import tinyllm.cache.PageList;
import tinyllm.cache.PagesException;
import tinyllm.cache.PooledPages;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;

/** Exercise "3.1 pool". */
public final class PoolExercise {

    public static final Exercise<PageList> POOL = mistakes(Exercise.of("3.1 pool", PageList.class)
                    .title("A pool of pages: take and give")
                    .reference(PooledPages::new)
                    .hint(
                            "A free list is an array with the numbers of all free pages, and how many of its entries count. Taking and"
                                    + " giving happen at its end.")
                    .hint(
                            "take: if count > free, throw new PagesException(count, free, size). Else the last count entries are the"
                                    + " answer, and free is count less. give: each page goes to list[free++].")
                    .hint("A boolean for each page says whether it is taken. give looks there first, and throws an"
                            + " IllegalStateException for a page that is free already."))
            .check(run("one page", 4, run -> run.take(1)))
            .check(run(
                    "all pages, then none are left",
                    5,
                    run -> run.take(5).take(1).take(0)))
            .check(run("two owners", 6, run -> run.take(2).take(3).take(1)))
            .check(run("more than are free", 4, run -> run.take(1).take(4).take(3)))
            .check(run("pages come back", 4, run -> run.take(4).give(0).take(4)))
            .check(run(
                    "who came first leaves first",
                    4,
                    run -> run.take(2).take(2).give(0).take(2)))
            .check(run(
                    "in another order",
                    7,
                    run -> run.take(3).take(4).giveReversed(0).give(1).take(5).take(2)))
            .check(run(
                    "free pages that do not lie side by side",
                    6,
                    run -> run.take(1)
                            .take(1)
                            .take(1)
                            .take(1)
                            .take(2)
                            .give(0)
                            .give(2)
                            .give(4)
                            .take(4)))
            .check(run("many times over", 3, run -> {
                PageListRun next = run;
                for (int i = 0; i < 20; i++) {
                    next = next.take(2).giveReversed(i);
                }
                return next.take(3);
            }))
            .check(run(
                    "a new pool",
                    5,
                    run -> run.take(3).begin(5).take(4).take(1).begin(2).take(2).take(1)))
            .check(refused("given twice", run -> run.take(3).give(0).give(0)))
            .check(refused(
                    "given twice, others in between",
                    run -> run.take(1)
                            .take(2)
                            .giveOne(1, 0)
                            .take(1)
                            .give(0)
                            .give(1)
                            .give(1)))
            .check(refused(
                    "given twice after a new beginning",
                    run -> run.take(1).give(0).begin(4).take(2).giveOne(0, 0).giveOne(0, 0)))
            .build();

    private PoolExercise() {}

    private static Exercise.Builder<PageList> mistakes(Exercise.Builder<PageList> exercise) {
        return exercise.mistake(
                        "counts up",
                        "The next page is always one that nobody ever had: pages that came back are never handed out again, and the"
                                + " pool runs dry. Take from the list of free ones.",
                        () -> new PoolSteps() {
                            private int next;

                            @Override
                            public void begin(int pages) {
                                super.begin(pages);
                                next = 0;
                            }

                            @Override
                            public int[] take(int count) {
                                super.take(count);
                                next += count;
                                return IntStream.range(next - count, next).toArray();
                            }

                            @Override
                            public void give(int[] pages) {
                                free += pages.length;
                            }
                        })
                .mistake(
                        "some instead of none",
                        "Fewer pages came than were asked for. A sequence with half of its pages can do nothing with them: all or a"
                                + " PagesException.",
                        () -> new PoolSteps() {
                            @Override
                            public int[] take(int count) {
                                return super.take(Math.min(count, free));
                            }
                        })
                .mistake(
                        "lost on refusal",
                        "The pool took pages one by one and then refused: those it had taken are lost. Look at free first.",
                        () -> new PoolSteps() {
                            @Override
                            public int[] take(int count) {
                                int[] pages = new int[count];
                                for (int i = 0; i < count; i++) {
                                    pages[i] = super.take(1)[0];
                                }
                                return pages;
                            }
                        })
                .mistake(
                        "the last stays",
                        "As many as are free is not too many: count > free is what can't be, not count >= free.",
                        () -> new PoolSteps() {
                            @Override
                            boolean enough(int count) {
                                return count < free;
                            }
                        })
                .mistake(
                        "given twice",
                        "A page that is free was given back, and nobody objected: it stands on the list twice, and two sequences"
                                + " will write into it. Throw an IllegalStateException.",
                        () -> new PoolSteps() {
                            @Override
                            public void begin(int pages) {
                                super.begin(pages);
                                list = Arrays.copyOf(list, 100 + pages);
                            }

                            @Override
                            void refuse(int page) {}
                        })
                .mistake(
                        "side by side",
                        "Only pages that lie side by side were handed out. That is what pages are there to avoid: any free one"
                                + " will do, the block table knows the order.",
                        SideBySide::new)
                .mistake(
                        "not free again",
                        "What came back is not free: after give, free() has to count it, and take to hand it out.",
                        () -> new PoolSteps() {
                            @Override
                            public void give(int[] pages) {
                                for (int page : pages) {
                                    refuse(page);
                                    taken[page] = false;
                                }
                            }
                        })
                .mistake(
                        "the list in another order",
                        "A page came that somebody else has: what is given back goes behind the free ones, where take looks, and"
                                + " not to the place that it had.",
                        () -> new PoolSteps() {
                            @Override
                            public void give(int[] pages) {
                                for (int page : pages) {
                                    refuse(page);
                                    taken[page] = false;
                                    free++;
                                }
                            }
                        })
                .mistake(
                        "counts the taken",
                        "free() counts the pages that are taken; it is to count those that nobody has.",
                        () -> new PoolSteps() {
                            @Override
                            public int free() {
                                return list.length - free;
                            }
                        })
                .mistake(
                        "begins with the old pages",
                        "begin starts a pool whose pages are all free, and those of the pool before are still taken.",
                        () -> new PoolSteps() {
                            @Override
                            public void begin(int pages) {
                                if (list.length != pages) {
                                    super.begin(pages);
                                }
                            }
                        });
    }

    /** Looks for a gap that is long enough, as one long array for each sequence would need. */
    private static final class SideBySide extends PoolSteps {
        @Override
        public int[] take(int count) {
            for (int first = 0; first + count <= taken.length; first++) {
                int from = first;
                if (IntStream.range(from, from + count).noneMatch(page -> taken[page])) {
                    free -= count;
                    Arrays.fill(taken, from, from + count, true);
                    return IntStream.range(from, from + count).toArray();
                }
            }
            throw new PagesException(count, free, list.length);
        }

        @Override
        public void give(int[] pages) {
            for (int page : pages) {
                refuse(page);
                taken[page] = false;
                free++;
            }
        }
    }

    private static Case<PageList> run(String name, int pages, UnaryOperator<PageListRun> calls) {
        return Case.of(
                name,
                seed -> seed,
                (pool, seed) -> calls.apply(new PageListRun(pool, pages)).seen());
    }

    private static Case<PageList> refused(String name, UnaryOperator<PageListRun> calls) {
        return Case.refused(
                name,
                seed -> seed,
                (pool, seed) -> calls.apply(new PageListRun(pool, 4)).seen(),
                IllegalStateException.class);
    }
}
