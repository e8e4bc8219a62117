package tinyllm.cli;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import tinyllm.engine.ChromeTrace;
import tinyllm.engine.StepListener;
import tinyllm.engine.StepReport;

/**
 * A server's steps as a Chrome trace, for as many of them as a file should hold: a server may run for months. The file is whole then, or
 * when this is closed, or when the process is told to end.
 */
final class ServerTrace implements StepListener, AutoCloseable {
    /** Of about 150 bytes each: a file of some 60 MB, which the viewers still open. */
    static final int MOST_EVENTS = 400_000;

    private static final int EVENTS_OF_A_STEP = 6; // four phases, two counters

    private final ChromeTrace trace;
    private final Consumer<String> note;
    private int left;

    /**
     * @param events that are written at most
     * @param note gets the sentence that says that no more are
     * @throws UncheckedIOException when the file can't be written
     */
    ServerTrace(Path file, int events, Consumer<String> note) {
        this.note = note;
        this.left = events;
        this.trace = new ChromeTrace(file);
        Runtime.getRuntime().addShutdownHook(new Thread(trace::close, "trace"));
    }

    /** @throws CommandException when there is no folder for the file, which is better known before a model is loaded */
    static void check(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(file)) {
            throw CommandException.wrongUsage("--trace " + file + " can't be written: "
                    + (Files.isDirectory(file) ? "it is a folder" : "there is no folder " + folder));
        }
    }

    @Override
    public void onStep(StepReport report) {
        if (left <= 0) {
            return;
        }
        trace.onStep(report);
        left -= EVENTS_OF_A_STEP
                + report.rows().size()
                + report.preempted().size()
                + report.ended().size();
        if (left <= 0) {
            trace.close();
            note.accept("the trace is full after step " + report.step() + ", and whole: later steps are not in it");
        }
    }

    @Override
    public void close() {
        trace.close();
    }
}
