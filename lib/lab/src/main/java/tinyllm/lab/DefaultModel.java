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
import tinyllm.model.CausalLm;
import tinyllm.model.Models;

/** The model that cells use unless they load another: loaded once, in the background, when the kernel starts. */
final class DefaultModel {

    private static final Object LOCK = new Object();
    private static @Nullable CompletableFuture<CausalLm> loading;

    private DefaultModel() {}

    /** TINYLLM_MODEL, else the smallest in quick mode, else the course's. */
    static String name(Map<String, String> env) {
        String named = env.get("TINYLLM_MODEL");
        if (named != null && !named.isBlank()) {
            return named.strip();
        }
        return quick(env) ? "smollm2-135m" : "qwen2.5-coder-0.5b";
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
        try {
            into.complete(Models.load(name(System.getenv())));
        } catch (Throwable t) {
            into.completeExceptionally(t);
        }
    }

    /**
     * The model, waited for with a line that counts the seconds.
     *
     * @throws IllegalStateException when it can't be loaded; the message says why, and the next call tries again
     */
    static CausalLm get() {
        CompletableFuture<CausalLm> future = future();
        if (future.isDone() && !future.isCompletedExceptionally()) {
            return future.join();
        }
        try (Live live = new Live()) {
            return await(future, live);
        }
    }

    private static CausalLm await(CompletableFuture<CausalLm> future, Live live) {
        String name = name(System.getenv());
        long start = System.nanoTime();
        while (true) {
            long seconds = (System.nanoTime() - start) / 1_000_000_000L;
            live.show(() -> Html.of("Loading " + name + " … " + seconds + " s"));
            try {
                CausalLm model = future.get(500, TimeUnit.MILLISECONDS);
                live.show(() -> Html.of(name + " is ready."));
                return model;
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
