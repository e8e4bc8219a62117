package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.Table;
import tinyllm.model.Models;

/** What chapter 4.6 reads of an engine is what the engine did. */
@Tag("slow")
class EngineRecordingTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final Requests FIVE = Requests.mixed(5, 4, 12);
    private static EngineRecording recording;

    @BeforeAll
    static void record() {
        recording = EngineRecording.of(Models.load(TINY.toString()), FIVE, 2);
    }

    private static int times(String event) {
        Table row = recording.table();
        return row.where(row.stringColumn("event").isEqualTo(event))
                .intColumn("times")
                .get(0);
    }

    /** Both files tell of the same steps, and of every request. */
    @Test
    void bothFilesTellTheSame() {
        assertThat(times("tinyllm.Request")).isEqualTo(FIVE.size());
        assertThat(times("tinyllm.Step")).isEqualTo(times("model")).isGreaterThan(FIVE.tokens() / 2);
        assertThat(times("request in a slot")).isGreaterThanOrEqualTo(FIVE.tokens());
        assertThat(times("tinyllm.Pages")).isGreaterThanOrEqualTo(FIVE.size());
    }

    @Test
    void picturesAreOfThisRun() {
        assertThat(recording.phases().text()).contains("The model takes", "model", "sample", "plan", "stream");
        assertThat(recording.pages().text()).contains("pages taken", "requests that got a token");
        assertThat(Files.exists(recording.trace())).isTrue();
    }
}
