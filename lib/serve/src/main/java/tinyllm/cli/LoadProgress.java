package tinyllm.cli;

import tinyllm.model.LoadListener;

/** Tells on a terminal how far a model's loading is; elsewhere says nothing. */
final class LoadProgress implements LoadListener {

    private final boolean shown;
    private final OutputOptions output;
    private int percent = -1;

    LoadProgress(OutputOptions output) {
        this.output = output;
        this.shown = !output.json() && Terminal.onStandardError();
    }

    @Override
    public void read(long bytes, long total) {
        int now = total > 0 ? (int) (100 * bytes / total) : 100;
        if (!shown || now == percent) {
            return;
        }
        percent = now;
        // The line is written over, and is gone when the text begins.
        output.err().print(now < 100 ? "\rloading " + Bytes.text(total) + ": " + now + " %" : "\r\033[K");
        output.err().flush();
    }
}
