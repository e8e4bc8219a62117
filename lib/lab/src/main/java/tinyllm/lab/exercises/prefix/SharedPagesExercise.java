package tinyllm.lab.exercises.prefix;

import tinyllm.cache.CountedPages;
import tinyllm.cache.SharedPages;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;

/** Exercise "4.2 owners". */
public final class SharedPagesExercise {

    public static final Exercise<SharedPages> OWNERS = Exercise.of("4.2 owners", SharedPages.class)
            .title("Pages with several owners")
            .reference(CountedPages::new)
            .hint("An array with a number for each page is all it takes. Free is who has no owner; take looks for one.")
            .hint(
                    "write: with one owner the page is theirs, return it. Otherwise take() another one, and then take an owner away"
                            + " here. In this order: take() may throw.")
            .hint(
                    "share, write and release of a page without owners are mistakes of the caller: throw an IllegalStateException, and"
                            + " change nothing.")
            .check(script("one owner", 4, "take a", "take b", "release a", "release b"))
            .check(script("two owners", 4, "take a", "share a", "release a", "release a"))
            .check(script("alone it writes in place", 4, "take a", "write a b", "release b"))
            .check(script("shared it is copied", 4, "take a", "share a", "write a b", "release a", "release b"))
            .check(script(
                    "after the copy both are alone",
                    4,
                    "take a",
                    "share a",
                    "write a b",
                    "write a c",
                    "write b d",
                    "release a"))
            .check(script("three owners", 5, "take a", "share a", "share a", "write a b", "write a c", "write a d"))
            .check(script("handed out again", 2, "take a", "take b", "release a", "take c", "release b", "take d"))
            .check(script("none is free", 2, "take a", "take b", "take c", "release a", "take c"))
            .check(script(
                    "no page for the copy", 2, "take a", "take c", "share a", "write a b", "release c", "write a b"))
            .check(script(
                    "a free page has no owners",
                    3,
                    "take a",
                    "release a",
                    "release a",
                    "share a",
                    "write a b",
                    "take c"))
            .check(Case.of("many calls", seed -> seed, (answer, seed) -> OwnersRun.drawn(answer, seed, 6)))
            .check(Case.of("begun anew", seed -> seed, (answer, seed) -> {
                OwnersRun.of(answer, 3, "take a", "share a", "take b");
                return OwnersRun.of(answer, 2, "take a", "take b", "take c");
            }))
            .mistake(
                    "never copied",
                    "A page with two owners was written in place: what one writes, the other reads. With more than one owner write gives"
                            + " another page.",
                    () -> new OwnersSteps() {
                        @Override
                        boolean staysHere(int page) {
                            return true;
                        }
                    })
            .mistake(
                    "always copied",
                    "A page with one owner was copied. Nobody else sees it: it can be written in place, which is what happens to nearly"
                            + " every token.",
                    () -> new OwnersSteps() {
                        @Override
                        boolean staysHere(int page) {
                            return false;
                        }
                    })
            .mistake(
                    "the writer stays an owner",
                    "After the copy the old page has as many owners as before: the writer has left it. Its count never comes to 0 like"
                            + " that, and the page is lost.",
                    () -> new OwnersSteps() {
                        @Override
                        void left(int page) {}
                    })
            .mistake(
                    "all owners leave",
                    "After the copy the old page is free, while its other owners still read it.",
                    () -> new OwnersSteps() {
                        @Override
                        void left(int page) {
                            owners[page] = 0;
                        }
                    })
            .mistake(
                    "the first release frees",
                    "The first release freed a page that somebody else still has. It is free when its last owner releases it.",
                    () -> new OwnersSteps() {
                        @Override
                        public void release(int page) {
                            owners[owned(page)] = 0;
                        }
                    })
            .mistake(
                    "share counts nothing",
                    "A shared page still has one owner: share adds one.",
                    () -> new OwnersSteps() {
                        @Override
                        public void share(int page) {
                            owned(page);
                        }
                    })
            .mistake(
                    "a fresh page has no owner",
                    "A page that was taken has no owner, so the next take gives it to somebody else: who takes it is its first owner.",
                    () -> new OwnersSteps() {
                        @Override
                        int first() {
                            return 0;
                        }
                    })
            .mistake(
                    "handed out once",
                    "Pages that were released are never handed out again: a free page is one without owners, whoever had it before.",
                    () -> new OwnersSteps() {
                        private int next;

                        @Override
                        public void begin(int count) {
                            super.begin(count);
                            next = 0;
                        }

                        @Override
                        public int take() {
                            if (next == owners.length) {
                                throw new IllegalStateException("no page is left");
                            }
                            owners[next] = 1;
                            return next++;
                        }
                    })
            .mistake(
                    "left before it is sure",
                    "No page was free for the copy, and the writer had left its page already. Take the copy first: a write that fails"
                            + " changes nothing.",
                    () -> new OwnersSteps() {
                        @Override
                        public int write(int page) {
                            if (owners[owned(page)] == 1) {
                                return page;
                            }
                            owners[page]--;
                            return take();
                        }
                    })
            .mistake(
                    "fewer than no owners",
                    "A free page was released, and its count fell below 0: refuse that, or it is neither free nor somebody's for good.",
                    () -> new OwnersSteps() {
                        @Override
                        int owned(int page) {
                            return page;
                        }
                    })
            .build();

    private SharedPagesExercise() {}

    private static Case<SharedPages> script(String name, int pages, String... calls) {
        return Case.of(name, seed -> seed, (answer, seed) -> OwnersRun.of(answer, pages, calls));
    }
}
