package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.engine.StepReport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ServerTraceTest {

    @TempDir
    Path folder;

    private static StepReport step(long number) {
        return new StepReport(
                number,
                number / 10.0,
                List.of(new StepReport.Row(1, 0, StepReport.Work.DECODE, 1, 20, 2, 0, 5)),
                List.of(),
                List.of(),
                List.of(),
                0,
                new StepReport.Pages(2, 0, 0, 9),
                new StepReport.Phases(0, 0.1, 0, 0));
    }

    /** A server that runs for long doesn't fill the disk, and the file can be read while it runs on. */
    @Test
    void isWholeWhenItIsFull() throws IOException {
        Path file = folder.resolve("trace.json");
        List<String> notes = new ArrayList<>();
        try (ServerTrace trace = new ServerTrace(file, 20, notes::add)) {
            for (int i = 0; i < 100; i++) {
                trace.onStep(step(i));
            }
            JsonNode events =
                    JsonMapper.shared().readTree(Files.readString(file)).get("traceEvents");
            assertThat(events.size()).isBetween(20, 30);
        }
        assertThat(notes).containsExactly("the trace is full after step 2, and whole: later steps are not in it");
    }
}
