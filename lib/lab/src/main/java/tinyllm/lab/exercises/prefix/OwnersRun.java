package tinyllm.lab.exercises.prefix;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import tinyllm.cache.SharedPages;
import tinyllm.lab.check.Draw;

/** Drives a learner's pages by names, since which page is handed out is theirs to choose, and keeps what can be seen. */
final class OwnersRun {

    private static final int STEPS = 120;

    private final SharedPages pages;
    private final Map<String, Integer> named = new HashMap<>();
    private final List<String> seen = new ArrayList<>();

    private OwnersRun(SharedPages pages, int count) {
        this.pages = pages;
        pages.begin(count);
    }

    /**
     * @param script calls such as {@code "take a", "share a", "write a b", "release a"}: b is the page that is to be written to
     * @return a line for each call: the page's owners and how many are free
     */
    static List<String> of(SharedPages pages, int count, String... script) {
        OwnersRun run = new OwnersRun(pages, count);
        for (String call : script) {
            run.call(call);
        }
        return List.copyOf(run.seen);
    }

    private void call(String call) {
        String[] words = call.split(" ");
        String name = words[1];
        switch (words[0]) {
            case "take" -> made(call, name, pages::take);
            case "share" -> done(call, name, pages::share);
            case "release" -> done(call, name, pages::release);
            case "write" -> {
                int before = page(name);
                made(call, words[2], () -> pages.write(before));
                if (named.containsKey(words[2])) {
                    seen.add(words[2] + (page(words[2]) == before ? " is " : " is not ") + name + ", which has "
                            + pages.owners(before));
                }
            }
            default -> throw new IllegalArgumentException(call);
        }
    }

    private int page(String name) {
        return named.getOrDefault(name, 0);
    }

    private void made(String call, String name, IntSupplier page) {
        try {
            named.put(name, page.getAsInt());
            see(call, name);
        } catch (IllegalStateException e) {
            seen.add(call + ": refused, " + pages.free() + " free");
        }
    }

    private void done(String call, String name, Consumer<Integer> change) {
        try {
            change.accept(page(name));
            see(call, name);
        } catch (IllegalStateException e) {
            seen.add(call + ": refused, " + pages.free() + " free");
        }
    }

    private void see(String call, String name) {
        seen.add(call + ": " + pages.owners(page(name)) + " owners, " + pages.free() + " free");
    }

    /** Many calls on few pages. Names of pages that became free are not used again. */
    static List<String> drawn(SharedPages pages, long seed, int count) {
        Draw draw = new Draw(seed);
        OwnersRun run = new OwnersRun(pages, count);
        List<String> live = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            int what = live.isEmpty() ? 0 : draw.between(0, 4);
            String name = what == 0 ? "p" + i : live.get(draw.between(0, live.size() - 1));
            switch (what) {
                case 0 -> run.call("take " + name);
                case 1, 2 -> run.call("share " + name);
                case 3 -> run.call("write " + name + " p" + i);
                default -> run.call("release " + name);
            }
            if (run.named.containsKey("p" + i) && !live.contains(run.nameOf("p" + i, live))) {
                live.add("p" + i);
            }
            live.removeIf(held -> pages.owners(run.page(held)) == 0);
        }
        return List.copyOf(run.seen);
    }

    /** The name that a page has already, or this one. */
    private String nameOf(String name, List<String> live) {
        return live.stream()
                .filter(held -> page(held) == page(name))
                .findFirst()
                .orElse(name);
    }
}
