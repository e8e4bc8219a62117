package tinyllm.lab;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tech.tablesaw.api.Table;
import tinyllm.cache.PagedArrayKvCache;
import tinyllm.cache.PagedKvArrays;
import tinyllm.cache.PagesException;
import tinyllm.lab.chart.PagePainter;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.model.Chunk;
import tinyllm.model.ModelConfig;

/**
 * Texts that share a learner's pages (chapter 3.1): in each step everybody who runs writes a token. Who waits joins when the pages of its
 * text and one token more are free; where a running one finds none, the newest leaves, gives its pages back, and reads its text again
 * later.
 */
public final class PagedTexts {

    /** What became of a text. */
    public record Answer(int text, String prompt, String continuation, int tokens, int timesOut) {}

    private static final int CHUNK = 20;

    private final CausalLm model;
    private final Requests requests;
    private final PagedKvArrays arrays;
    private final int pages;
    private final int pageTokens;
    private final Deque<Text> waiting = new ArrayDeque<>();
    private final List<Text> running = new ArrayList<>();
    private final List<Text> all = new ArrayList<>();
    private final List<PagePainter.Cell> cells = new ArrayList<>();
    private int steps;
    private long rowsHeld;
    private long rowsFilled;

    /** A text on its way. */
    private static final class Text {
        final int number;
        final List<Integer> tokens = new ArrayList<>();
        final int promptLength;
        final int end;

        @Nullable
        PagedArrayKvCache cache;

        int timesOut;

        Text(int number, int[] prompt, int answer) {
            this.number = number;
            for (int token : prompt) {
                tokens.add(token);
            }
            this.promptLength = prompt.length;
            this.end = prompt.length + answer;
        }

        PagedArrayKvCache open() {
            PagedArrayKvCache own = cache;
            if (own == null) {
                throw new IllegalStateException("text " + number + " does not run");
            }
            return own;
        }

        /** Tokens that have not passed yet: the prompt, or the one that was written last. */
        int[] missing() {
            return tokens.stream()
                    .skip(open().length())
                    .mapToInt(token -> token)
                    .toArray();
        }
    }

    private PagedTexts(CausalLm model, PagedKvArrays arrays, Requests requests, int pages, int pageTokens) {
        this.model = model;
        this.arrays = arrays;
        this.requests = requests;
        this.pages = pages;
        this.pageTokens = pageTokens;
        for (int i = 0; i < requests.size(); i++) {
            all.add(new Text(i, model.tokenizer().encode(requests.prompts().get(i)), requests.answers()[i]));
        }
        waiting.addAll(all);
        int longest = all.stream().mapToInt(text -> text.end).max().orElseThrow();
        if (pages < 1 || pageTokens < 1 || longest > pages * pageTokens) {
            throw new IllegalArgumentException(pages + " pages of " + pageTokens + " tokens have no room for a text of "
                    + longest + " tokens: take more pages, or shorter answers");
        }
        ModelConfig config = model.config();
        arrays.begin(pages, pageTokens, config.numHiddenLayers(), config.numKeyValueHeads() * config.headDim());
    }

    /**
     * Serves all texts, greedily; who has which page is drawn while it runs.
     *
     * @param arrays makes the learner's pages
     * @param pages 1 to 64 in all, with room for the longest text at least
     */
    public static PagedTexts of(
            CausalLm model, Supplier<? extends PagedKvArrays> arrays, Requests requests, int pages, int pageTokens) {
        PagedTexts texts = new PagedTexts(model, arrays.get(), requests, pages, pageTokens);
        try (Live live = new Live()) {
            while (!texts.waiting.isEmpty() || !texts.running.isEmpty()) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the run was interrupted");
                }
                texts.join();
                texts.reserve();
                texts.step();
                int axis = Math.ceilDiv(texts.steps, CHUNK) * CHUNK;
                live.show(() -> texts.paint("Step " + texts.steps, axis));
            }
            live.show(texts::pages);
        } finally {
            texts.running.forEach(text -> text.open().close());
        }
        return texts;
    }

    private void join() {
        ModelConfig config = model.config();
        int promised = 0; // a page may become full in this step
        while (!waiting.isEmpty()) {
            int needed = Math.ceilDiv(waiting.getFirst().tokens.size() + 1, pageTokens);
            int spare = running.isEmpty() ? 0 : 1;
            if (needed + spare > arrays.free() - promised) {
                return;
            }
            promised += needed;
            Text next = waiting.removeFirst();
            next.cache = new PagedArrayKvCache(
                    arrays,
                    next.number,
                    config.numHiddenLayers(),
                    config.numKeyValueHeads(),
                    config.headDim(),
                    pages * pageTokens);
            running.add(next);
        }
    }

    /** Pages for everybody's tokens; the newest leaves until there are enough. */
    private void reserve() {
        for (int i = 0; i < running.size(); i++) {
            Text text = running.get(i);
            while (text.cache != null) {
                try {
                    text.open().reserve(text.missing().length);
                    break;
                } catch (PagesException e) {
                    leave(running.removeLast());
                }
            }
        }
        if (running.isEmpty()) {
            throw new IllegalStateException("no text can go on: " + arrays.free() + " of " + pages
                    + " pages are free, and nobody runs. Pages that were given back are missing");
        }
    }

    private void leave(Text text) {
        text.open().close();
        text.cache = null;
        text.timesOut++;
        waiting.addFirst(text);
    }

    private void step() {
        List<Chunk> chunks = running.stream()
                .map(text -> new Chunk(text.missing(), text.open(), true))
                .toList();
        int[] next = Greedy.tokens(model.step(chunks), model.tokenizer());
        for (int i = 0; i < next.length; i++) {
            record(running.get(i));
            running.get(i).tokens.add(next[i]);
        }
        steps++;
        running.removeIf(text -> {
            boolean ended = text.tokens.size() == text.end;
            if (ended) {
                text.open().close();
            }
            return ended;
        });
    }

    private void record(Text text) {
        int[] table = text.open().pages();
        for (int i = 0; i < table.length; i++) {
            int filled = Math.clamp(text.open().length() - (long) i * pageTokens, 0, pageTokens);
            cells.add(new PagePainter.Cell(steps, table[i], text.number, (double) filled / pageTokens));
            rowsHeld += pageTokens;
            rowsFilled += filled;
        }
    }

    public int steps() {
        return steps;
    }

    /** How often a text had to leave. */
    public int timesOut() {
        return all.stream().mapToInt(text -> text.timesOut).sum();
    }

    /** The share of the rows of taken pages that held no token, over all steps, in percent. */
    public double emptyPercent() {
        return 100.0 * (rowsHeld - rowsFilled) / rowsHeld;
    }

    /** Pages that nobody has: all of them once everybody has ended. */
    public int free() {
        return arrays.free();
    }

    /** Who had which page at each step, and how much of it was filled. */
    public Picture pages() {
        String out = timesOut() == 0
                ? "nobody had to leave"
                : timesOut() == 1 ? "one text had to leave" : "texts had to leave " + timesOut() + " times";
        return paint(
                String.format(
                        Locale.ROOT,
                        "%d texts in %d pages of %d: %.0f %% of the held rows are empty, %s",
                        all.size(),
                        pages,
                        pageTokens,
                        emptyPercent(),
                        out),
                steps);
    }

    private Picture paint(String title, int axis) {
        String text = String.format(
                Locale.ROOT, "%s. %d steps, %d of %d pages free at the end.", title, steps, free(), pages);
        return PagePainter.paint(title, pages, axis, cells, text);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "%d texts, %d steps, %d of %d pages free at the end", all.size(), steps, free(), pages);
    }

    /** What everybody wrote. */
    public Table answers() {
        return Tables.of(IntStream.range(0, all.size())
                .mapToObj(i -> new Answer(
                        i, requests.prompts().get(i), written(all.get(i)), requests.answers()[i], all.get(i).timesOut))
                .toList());
    }

    private String written(Text text) {
        return model.tokenizer()
                .decode(text.tokens.stream()
                        .skip(text.promptLength)
                        .mapToInt(token -> token)
                        .toArray());
    }
}
