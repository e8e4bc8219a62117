package tinyllm.lab.exercises.prefix;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import tinyllm.cache.EvictFn;
import tinyllm.cache.KeptPage;
import tinyllm.cache.LeastRecentlyUsed;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;

/** Exercise "4.2 eviction". */
public final class EvictionExercise {

    private static final int NONE = KeptPage.NONE;

    private record Kept(List<KeptPage> pages, int count) {}

    public static final Exercise<EvictFn> EVICTION = Exercise.of("4.2 eviction", EvictFn.class)
            .title("Who goes when room is needed")
            .reference(LeastRecentlyUsed::new)
            .hint(
                    "A page can be found only along the pages before it. If one in the middle goes, all behind it are lost and still take"
                            + " room: so the last pages of texts go first.")
            .hint(
                    "Choose one at a time. After a page has gone its parent may have become a last page itself, and is then one to"
                            + " choose from.")
            .hint(
                    "Keep a list of what is left. while (gone.size() < count): of those in it that are not inUse() and that are nobody's"
                            + " parent() in it, the one with the smallest lastUsed(); none is there: stop.")
            .check(pages("three texts of one page", seed -> new Kept(roots(seed), 2)))
            .check(pages("one text of four pages", seed -> new Kept(chain(10, 4, 5), 3)))
            .check(pages("all of one text", seed -> new Kept(chain(10, 4, 5), 4)))
            .check(pages("a branch", seed -> new Kept(branch(), 3)))
            .check(pages("a branch, to its root", seed -> new Kept(branch(), 5)))
            .check(pages("an old text in use", EvictionExercise::inUse))
            .check(pages("a running text in the middle", EvictionExercise::middle))
            .check(pages("fewer may go than are needed", seed -> new Kept(branch(), 50)))
            .check(pages("nothing is needed", seed -> new Kept(branch(), 0)))
            .check(pages("nothing is kept", seed -> new Kept(List.of(), 3)))
            .check(pages("all are in use", seed -> new Kept(used(chain(3, 3, 7)), 2)))
            .check(pages("long texts, old and new", EvictionExercise::twoTexts))
            .check(pages("a beginning that was used since", seed -> new Kept(usedSince(), 2)))
            .check(pages("many pages", seed -> drawn(seed, 60, 25)))
            .check(pages("many pages, nearly all of them", seed -> drawn(seed, 40, 38)))
            .mistake(
                    "the newest",
                    "The pages that were used last go. Who came just now is likely to come again: the smallest lastUsed() goes first.",
                    () -> new EvictionSteps() {
                        @Override
                        Comparator<KeptPage> order() {
                            return super.order().reversed();
                        }
                    })
            .mistake(
                    "pages in use",
                    "A page that a running sequence reads was given to somebody else. inUse() pages stay.",
                    () -> new EvictionSteps() {
                        @Override
                        boolean mayGo(KeptPage page, List<KeptPage> left, List<KeptPage> kept) {
                            return isLeaf(page, left);
                        }
                    })
            .mistake(
                    "pages that others build on",
                    "A page went before one that builds on it. What is behind it can't be found any more, and still takes room.",
                    () -> new EvictionSteps() {
                        @Override
                        boolean mayGo(KeptPage page, List<KeptPage> left, List<KeptPage> kept) {
                            return !page.inUse();
                        }
                    })
            .mistake(
                    "the ends of texts alone",
                    "Only pages went that are the end of a text from the start. When one has gone, the page before it is an end, too.",
                    () -> new EvictionSteps() {
                        @Override
                        boolean mayGo(KeptPage page, List<KeptPage> left, List<KeptPage> kept) {
                            return !page.inUse() && isLeaf(page, kept);
                        }
                    })
            .mistake(
                    "more than are needed",
                    "More pages went than were needed: each of them may be asked for again.",
                    () -> (kept, count) -> new EvictionSteps().evict(kept, kept.size()))
            .mistake(
                    "all or none",
                    "Fewer may go than are needed, and nothing was given at all: give what there is.",
                    () -> (kept, count) -> {
                        int[] gone = new EvictionSteps().evict(kept, count);
                        return gone.length < count ? new int[0] : gone;
                    })
            .mistake(
                    "by number",
                    "The pages go by their number, which says nothing: lastUsed() tells who has not been asked for in a long time.",
                    () -> new EvictionSteps() {
                        @Override
                        Comparator<KeptPage> order() {
                            return Comparator.comparingInt(KeptPage::page);
                        }
                    })
            .mistake(
                    "first pages first",
                    "The pages go from the beginnings of texts on. A beginning is what most texts share: it is the last to go.",
                    () -> (kept, count) -> {
                        int[] gone = new EvictionSteps().evict(kept, count);
                        int[] turned = new int[gone.length];
                        Arrays.setAll(turned, i -> gone[gone.length - 1 - i]);
                        return turned;
                    })
            .mistake(
                    "one text to its beginning",
                    "One text went to its very beginning before the next was looked at, though that one had an older page: choose"
                            + " anew for each page.",
                    EvictionExercise::textByText)
            .build();

    private EvictionExercise() {}

    private static Case<EvictFn> pages(String name, LongFunction<Kept> kept) {
        return Case.of(name, kept, (answer, in) -> answer.evict(new ArrayList<>(in.pages()), in.count()));
    }

    private static EvictFn textByText() {
        return (kept, count) -> {
            List<KeptPage> left = new ArrayList<>(kept);
            List<Integer> gone = new ArrayList<>();
            KeptPage last = null;
            while (gone.size() < count) {
                int before = last == null ? NONE : last.parent();
                List<KeptPage> may = left.stream()
                        .filter(page -> !page.inUse() && EvictionSteps.isLeaf(page, left))
                        .sorted(Comparator.comparingLong(KeptPage::lastUsed))
                        .toList();
                if (may.isEmpty()) {
                    break;
                }
                last = may.stream()
                        .filter(page -> page.page() == before)
                        .findFirst()
                        .orElse(may.getFirst());
                left.remove(last);
                gone.add(last.page());
            }
            return gone.stream().mapToInt(page -> page).toArray();
        };
    }

    private static List<KeptPage> roots(long seed) {
        int shift = new Draw(seed).between(0, 2);
        return List.of(
                new KeptPage(5, NONE, 10 + shift, false),
                new KeptPage(2, NONE, 20 + shift, false),
                new KeptPage(9, NONE, 3 + shift, false));
    }

    /** One text, used at once: its pages have numbers that fall. */
    private static List<KeptPage> chain(int first, int length, long lastUsed) {
        List<KeptPage> pages = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            pages.add(new KeptPage(first + length - i, i == 0 ? NONE : first + length - i + 1, lastUsed, false));
        }
        return pages;
    }

    /** A system prompt of two pages, behind it one page of yesterday and two of today. */
    private static List<KeptPage> branch() {
        return List.of(
                new KeptPage(0, NONE, 9, false),
                new KeptPage(1, 0, 9, false),
                new KeptPage(2, 1, 4, false),
                new KeptPage(3, 1, 9, false),
                new KeptPage(4, 3, 9, false));
    }

    private static List<KeptPage> used(List<KeptPage> pages) {
        return pages.stream()
                .map(page -> new KeptPage(page.page(), page.parent(), page.lastUsed(), true))
                .toList();
    }

    private static Kept inUse(long seed) {
        List<KeptPage> all = new ArrayList<>(used(chain(20, 3, 1)));
        all.addAll(chain(10, 3, 8));
        return new Kept(all, 2);
    }

    /** A text whose beginning runs on; behind it what an earlier one left. */
    private static Kept middle(long seed) {
        return new Kept(
                List.of(
                        new KeptPage(7, NONE, 6, true),
                        new KeptPage(6, 7, 6, true),
                        new KeptPage(5, 6, 2, false),
                        new KeptPage(4, 5, 2, false)),
                3);
    }

    /** A prompt was asked for again, and nothing behind it: it is younger than another text, which what is behind it is not. */
    private static List<KeptPage> usedSince() {
        return List.of(
                new KeptPage(3, NONE, 9, false),
                new KeptPage(6, 3, 2, false),
                new KeptPage(4, NONE, 5, false),
                new KeptPage(7, 4, 5, false));
    }

    private static Kept twoTexts(long seed) {
        List<KeptPage> all = new ArrayList<>(chain(30, 4, 2));
        all.add(new KeptPage(50, 34, 1, false)); // a branch of the same text's first page, older than its end
        all.addAll(chain(40, 4, 3));
        all.add(new KeptPage(51, 43, 1, false));
        return new Kept(all, 4);
    }

    /** A forest in which a page is never older than what builds on it. */
    private static Kept drawn(long seed, int count, int needed) {
        Draw draw = new Draw(seed);
        int[] parent = new int[count];
        long[] used = new long[count];
        boolean[] inUse = new boolean[count];
        List<Integer> times =
                new ArrayList<>(IntStream.range(0, 10 * count).boxed().toList());
        Collections.shuffle(times, new Random(draw.between(0, 1 << 20)));
        for (int i = 0; i < count; i++) {
            parent[i] = i == 0 || draw.between(0, 4) == 0 ? NONE : draw.between(0, i - 1);
        }
        boolean[] inner = new boolean[count];
        for (int i = count - 1; i >= 0; i--) {
            if (!inner[i]) { // a leaf: a text that was used once, with all pages before it
                long at = times.get(i);
                boolean runs = draw.between(0, 7) == 0;
                for (int page = i; page != NONE; page = parent[page]) {
                    inner[page] = true;
                    used[page] = Math.max(used[page], at);
                    inUse[page] |= runs;
                }
            }
        }
        List<KeptPage> pages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pages.add(new KeptPage(count - i, parent[i] == NONE ? NONE : count - parent[i], used[i], inUse[i]));
        }
        Collections.shuffle(pages, new Random(draw.between(0, 1 << 20)));
        return new Kept(pages, needed);
    }
}
