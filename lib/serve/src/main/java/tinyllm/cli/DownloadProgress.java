package tinyllm.cli;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.FetchProgress;

/** A bar on a terminal, a line every tenth elsewhere, nothing with --json. */
final class DownloadProgress implements FetchProgress, AutoCloseable {

    private static final long MEGABYTE = 1_000_000;

    private final OutputOptions output;
    private final boolean terminal = Terminal.onStandardError();
    private @Nullable ProgressBar bar;
    private @Nullable String file;
    private long tenth;

    DownloadProgress(OutputOptions output) {
        this.output = output;
    }

    @Override
    public void update(String name, long done, long total) {
        if (output.json()) {
            return;
        }
        if (!name.equals(file)) {
            close();
            file = name;
            tenth = -1;
        }
        if (terminal) {
            draw(name, done, total);
        } else if (total > 0 && 10 * done / total != tenth) {
            tenth = 10 * done / total;
            output.note(name + ": " + 10 * tenth + " % of " + Bytes.text(total));
        }
    }

    private void draw(String name, long done, long total) {
        if (bar == null) {
            bar = new ProgressBarBuilder()
                    .setTaskName(name)
                    .setInitialMax(total)
                    .setUnit(" MB", MEGABYTE)
                    .setStyle(ProgressBarStyle.ASCII)
                    .startsFrom(done, Duration.ZERO) // what an earlier try brought says nothing of this one's speed
                    .showSpeed()
                    .build();
        }
        bar.stepTo(done);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
