package tinyllm.lab.exercises.paged;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tinyllm.cache.PageList;
import tinyllm.cache.PagesException;
import tinyllm.lab.check.Given;

/** Drives a learner's pool and keeps what can be seen of it: which pages come is the pool's choice, whose they are is not. */
final class PageListRun {
    private final PageList pool;
    private final List<String> seen = new ArrayList<>();
    private final Set<Integer> held = new HashSet<>();
    private final List<int[]> taken = new ArrayList<>();
    private int pages;

    PageListRun(PageList pool, int pages) {
        this.pool = pool;
        begin(pages);
    }

    PageListRun begin(int pages) {
        this.pages = pages;
        held.clear();
        taken.clear();
        pool.begin(pages);
        return tell("begin(" + pages + ")", "all free");
    }

    /** Takes pages, which are the next of those to be given back. */
    PageListRun take(int count) {
        String call = "take(" + count + ")";
        try {
            int[] got = Given.back(pool.take(count), "take").clone();
            taken.add(got);
            return tell(call, judged(got));
        } catch (PagesException e) {
            taken.add(new int[0]);
            return tell(call, "refused");
        }
    }

    private String judged(int[] got) {
        long strangers =
                Arrays.stream(got).filter(page -> page < 0 || page >= pages).count();
        long others = Arrays.stream(got).filter(held::contains).count();
        long twice = got.length - Arrays.stream(got).distinct().count();
        Arrays.stream(got).forEach(held::add);
        return got.length + " pages"
                + (strangers > 0 ? ", " + strangers + " of them not in the pool" : "")
                + (others > 0 ? ", " + others + " of them somebody else's" : "")
                + (twice > 0 ? ", " + twice + " of them twice" : "");
    }

    /** Gives back what the take of this number, counted from 0, got. */
    PageListRun give(int take) {
        int[] back = taken.get(take).clone();
        Arrays.stream(back).forEach(held::remove);
        pool.give(back);
        return tell("give(what came from take " + take + ")", "taken back");
    }

    /** The same from the last page to the first. */
    PageListRun giveReversed(int take) {
        int[] back = taken.get(take).clone();
        for (int i = 0; i < back.length / 2; i++) {
            int other = back[i];
            back[i] = back[back.length - 1 - i];
            back[back.length - 1 - i] = other;
        }
        Arrays.stream(back).forEach(held::remove);
        pool.give(back);
        return tell("give(the pages of take " + take + ", the last first)", "taken back");
    }

    /** Gives a page of a take back, alone. */
    PageListRun giveOne(int take, int index) {
        int page = taken.get(take)[index];
        held.remove(page);
        pool.give(new int[] {page});
        return tell("give(page " + index + " of take " + take + ")", "taken back");
    }

    private PageListRun tell(String call, String what) {
        seen.add(call + ": " + what + ", then " + pool.free() + " free");
        return this;
    }

    /** What was seen; then all pages are given back, so that one is found that outlives begin. */
    List<String> seen() {
        pool.give(held.stream().mapToInt(page -> page).toArray());
        return List.copyOf(seen);
    }
}
