package tinyllm.engine;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Writes the steps as a Chrome trace (chrome://tracing, ui.perfetto.dev): the engine's phases on one track, each slot on one of its own,
 * pages and queue as counters. The file is whole after {@link #close()}.
 */
public final class ChromeTrace implements StepListener, AutoCloseable {
    private static final int ENGINE = 1;
    private static final int SLOTS = 2;

    private final BufferedWriter out;
    private boolean empty = true;
    private boolean closed;

    /** @throws UncheckedIOException when the file can't be written */
    public ChromeTrace(Path file) {
        try {
            this.out = Files.newBufferedWriter(file);
            out.write("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        name("process_name", ENGINE, 0, "engine");
        name("process_name", SLOTS, 0, "slots");
    }

    private void name(String kind, int process, int thread, String name) {
        event("{\"ph\":\"M\",\"name\":\"%s\",\"pid\":%d,\"tid\":%d,\"args\":{\"name\":\"%s\"}}"
                .formatted(kind, process, thread, name));
    }

    @Override
    public synchronized void onStep(StepReport report) {
        if (closed) {
            return;
        }
        StepReport.Phases phases = report.phases();
        double from = report.at();
        from = phase("plan", from, phases.plan());
        from = phase("model", from, phases.model());
        from = phase("sample", from, phases.sample());
        phase("stream", from, phases.stream());
        for (StepReport.Row row : report.rows()) {
            slice(
                    "request %d: %s %d"
                            .formatted(row.request(), row.work().name().toLowerCase(Locale.ROOT), row.tokens()),
                    SLOTS,
                    row.slot(),
                    report.at(),
                    phases.seconds(),
                    "\"request\":%d,\"tokens\":%d,\"computed\":%d,\"pages\":%d"
                            .formatted(row.request(), row.tokens(), row.computed(), row.pages()));
        }
        counter(
                "pages",
                report.at(),
                "\"used\":%d,\"idle\":%d,\"free\":%d",
                report.pages().used(),
                report.pages().idle(),
                report.pages().free());
        counter(
                "requests",
                report.at(),
                "\"running\":%d,\"waiting\":%d",
                report.rows().size(),
                report.waiting());
        for (long id : report.preempted()) {
            instant("request " + id + " preempted", report.at());
        }
        for (StepReport.Ended end : report.ended()) {
            instant("request " + end.request() + " ended: " + end.reason().word(), report.at() + phases.seconds());
        }
    }

    private double phase(String name, double from, double seconds) {
        slice(name, ENGINE, 0, from, seconds, "");
        return from + seconds;
    }

    private void slice(String name, int process, int thread, double from, double seconds, String args) {
        event("{\"ph\":\"X\",\"name\":\"%s\",\"pid\":%d,\"tid\":%d,\"ts\":%s,\"dur\":%s,\"args\":{%s}}"
                .formatted(name, process, thread, micros(from), micros(seconds), args));
    }

    private void counter(String name, double at, String format, Object... values) {
        event("{\"ph\":\"C\",\"name\":\"%s\",\"pid\":%d,\"tid\":0,\"ts\":%s,\"args\":{%s}}"
                .formatted(name, ENGINE, micros(at), format.formatted(values)));
    }

    private void instant(String name, double at) {
        event("{\"ph\":\"i\",\"s\":\"p\",\"name\":\"%s\",\"pid\":%d,\"tid\":0,\"ts\":%s}"
                .formatted(name, SLOTS, micros(at)));
    }

    private static String micros(double seconds) {
        return String.format(Locale.ROOT, "%.3f", seconds * 1e6);
    }

    private void event(String json) {
        try {
            out.write(empty ? "\n" : ",\n");
            out.write(json);
            empty = false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (out) {
            out.write("\n]}\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
