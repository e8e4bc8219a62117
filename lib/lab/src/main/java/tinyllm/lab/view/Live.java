package tinyllm.lab.view;

import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One output that is replaced in place while a cell runs, at most five times a second; where the notebook can't replace,
 * the last state is printed at the end. Owned by the thread that runs the cell.
 */
public final class Live implements AutoCloseable {

    private static final long PAUSE_NANOS = 200_000_000L;

    private final Notebook notebook;
    private final LongSupplier clock;
    private @Nullable String id;
    private @Nullable Supplier<Rich> waiting;
    private long last;

    public Live() {
        this(Notebook.current(), System::nanoTime);
    }

    Live(Notebook notebook, LongSupplier clock) {
        this.notebook = notebook;
        this.clock = clock;
    }

    /** Shows the value now, or later when one was shown less than a fifth of a second ago; the newest wins. */
    public void show(Supplier<Rich> value) {
        waiting = value;
        if (notebook.updatesInPlace() && (id == null || clock.getAsLong() - last >= PAUSE_NANOS)) {
            flush();
        }
    }

    /** A progress bar. */
    public void progress(String what, long done, long total) {
        show(() -> bar(what, done, total));
    }

    private void flush() {
        Supplier<Rich> value = waiting;
        if (value == null) {
            return;
        }
        waiting = null;
        Rich rich = Objects.requireNonNull(value.get());
        if (id == null) {
            id = notebook.displayUpdatable(rich);
        } else {
            notebook.update(id, rich);
        }
        last = clock.getAsLong();
    }

    /** Shows what still waits. */
    @Override
    public void close() {
        flush();
    }

    private static Html bar(String what, long done, long total) {
        double share = total <= 0 ? 0 : Math.clamp(done / (double) total, 0, 1);
        String text = what + ": " + done + " of " + total + " (" + Math.round(100 * share) + " %)";
        String html = "<div title=\"" + Html.escape(text) + "\"><progress value=\"" + done + "\" max=\""
                + Math.max(total, 1) + "\" style=\"width:320px\"></progress> " + Html.escape(text) + "</div>";
        return new Html(html, text);
    }
}
