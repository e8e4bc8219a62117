package tinyllm.lab;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Notebook;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;

/**
 * The model that cells use unless they load another: loaded once, in the background, when the kernel starts. While the course's
 * model is not on this machine, a small one answers; the other is fetched behind it and takes over when it is here.
 */
final class DefaultModel {

    static final String COURSE = "qwen2.5-coder-0.5b";
    static final String SMALL = "smollm2-135m";
    private static final Object LOCK = new Object();
    private static @Nullable CompletableFuture<CausalLm> loading;
    /** What is to be said of a model that stands in or has taken over; each sentence is said once. */
    private static volatile @Nullable String news;
    /** How far the fetch behind is, such as "12 of 491 MB". */
    private static volatile String fetched = "";

    private DefaultModel() {}

    /** TINYLLM_MODEL, else the smallest in quick mode, else the course's. */
    static String name(Map<String, String> env) {
        String named = env.get("TINYLLM_MODEL");
        if (named != null && !named.isBlank()) {
            return named.strip();
        }
        return quick(env) ? SMALL : COURSE;
    }

    /** Whether tests run the notebooks, with fewer tokens and a smaller model. */
    static boolean quick(Map<String, String> env) {
        return "1".equals(env.get("TINYLLM_QUICK"));
    }

    private static CompletableFuture<CausalLm> future() {
        synchronized (LOCK) {
            if (loading == null || loading.isCompletedExceptionally()) {
                CompletableFuture<CausalLm> next = new CompletableFuture<>();
                loading = next;
                Thread.ofPlatform().daemon().name("model loader").start(() -> load(next));
            }
            return Objects.requireNonNull(loading);
        }
    }

    /** Begins to load; does nothing when that has begun. */
    static void begin() {
        Objects.requireNonNull(future());
    }

    private static void load(CompletableFuture<CausalLm> into) {
        String name = name(System.getenv());
        try {
            if (!name.equals(COURSE) || isHere(COURSE)) {
                into.complete(Models.load(name));
                return;
            }
            if (!isHere(SMALL)) {
                fetch(SMALL);
            }
            into.complete(Models.load(SMALL));
            news = SMALL + " answers until " + COURSE + " is here.";
        } catch (Throwable t) {
            into.completeExceptionally(t);
            return;
        }
        takeOver();
    }

    private static boolean isHere(String name) {
        return ModelFiles.find(ModelRegistry.standard().get(name)) != null;
    }

    private static void fetch(String name) {
        ModelFiles.fetch(
                name,
                (file, done, total) ->
                        fetched = Math.round(done / 1e6) + " of " + Math.round(total / 1e6) + " MB of " + name);
    }

    /** Fetches the course's model behind the cells, and puts it in the small one's place. */
    private static void takeOver() {
        try {
            fetch(COURSE);
            CausalLm model = Models.load(COURSE);
            synchronized (LOCK) {
                loading = CompletableFuture.completedFuture(model);
            }
            news = COURSE + " is here and answers from now on; run a cell again to see what it says.";
        } catch (Throwable t) {
            news = SMALL + " goes on answering, because " + COURSE + " could not be had: " + t.getMessage()
                    + " A restart of the kernel tries again.";
        }
        fetched = "";
    }

    /**
     * The model, waited for with a line that counts the seconds.
     *
     * @throws IllegalStateException when it can't be loaded; the message says why, and the next call tries again
     */
    static CausalLm get() {
        CompletableFuture<CausalLm> future = future();
        if (!future.isDone() || future.isCompletedExceptionally()) {
            try (Live live = new Live()) {
                await(future, live);
            }
        }
        tellNews();
        return future().join();
    }

    private static void tellNews() {
        String said = news;
        if (said != null) {
            news = null;
            Notebook.current().display(Html.of(said + (fetched.isEmpty() ? "" : " So far: " + fetched + ".")));
        }
    }

    private static void await(CompletableFuture<CausalLm> future, Live live) {
        String name = name(System.getenv());
        long start = System.nanoTime();
        while (true) {
            long seconds = (System.nanoTime() - start) / 1_000_000_000L;
            String far = fetched.isEmpty() ? "" : " (fetching: " + fetched + ")";
            live.show(() -> Html.of("Loading " + name + " … " + seconds + " s" + far));
            try {
                String loaded = future.get(500, TimeUnit.MILLISECONDS).name();
                live.show(() -> Html.of(loaded + " is ready."));
                return;
            } catch (TimeoutException e) {
                // Count on.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("waiting for " + name + " was interrupted; it goes on loading", e);
            } catch (ExecutionException e) {
                live.show(() -> Html.of(name + " can't be loaded."));
                Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
                throw new IllegalStateException("the model " + name + " can't be loaded: " + cause.getMessage(), cause);
            }
        }
    }
}
