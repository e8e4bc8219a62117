package tinyllm.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tinyllm.engine.EngineHealth;
import tinyllm.engine.EngineHealth.State;

/** What is said of an engine that fails, and when it is given up, on a clock that the test turns. */
class EngineWatchTest {

    private static final long SECOND = 1_000_000_000;

    private final Said said = new Said();
    private final List<EngineHealth> stuck = new ArrayList<>();
    private final EngineWatch watch = new EngineWatch(() -> {
        throw new IllegalStateException("nobody started it");
    });

    @AfterEach
    void hearAgain() {
        said.close();
    }

    private static EngineHealth health(State state, int restarts, String failure) {
        return new EngineHealth(state, restarts, failure, 0);
    }

    private void look(State state, int restarts, String failure, long second) {
        watch.look(health(state, restarts, failure), second * SECOND);
    }

    @Test
    void aHealthyOneIsNotSpokenOf() {
        look(State.SERVING, 0, "", 1);
        look(State.CLOSED, 0, "", 2);
        assertThat(said.text()).isEmpty();
    }

    @Test
    void eachFailureIsSaidOnceAndInOneLine() {
        look(State.SERVING, 1, "IllegalStateException: broken\nlogits", 1);
        look(State.SERVING, 1, "IllegalStateException: broken\nlogits", 2);
        assertThat(said.text().lines())
                .singleElement()
                .asString()
                .contains("ERROR", "began anew", "broken\\u000alogits");
        look(State.RESTARTING, 1, "the engine can't restart: no memory", 3);
        look(State.RESTARTING, 1, "the engine can't restart: no memory", 4);
        look(State.HANGING, 1, "a step has not returned for PT30S", 5);
        assertThat(said.text().lines().skip(1))
                .satisfiesExactly(
                        line -> assertThat(line).contains("is restarting", "no memory"),
                        line -> assertThat(line).contains("is hanging", "PT30S"));
    }

    @Test
    void oneThatDoesNotComeBackIsGivenUpOnce() {
        watch.whenStuck(Duration.ofSeconds(60), stuck::add);
        look(State.HANGING, 0, "a step has not returned", 100);
        look(State.HANGING, 0, "a step has not returned", 159);
        assertThat(stuck).isEmpty();
        look(State.HANGING, 0, "a step has not returned", 160);
        assertThat(stuck).hasSize(1);
        look(State.HANGING, 0, "a step has not returned", 300);
        assertThat(stuck).singleElement().extracting(EngineHealth::state).isEqualTo(State.HANGING);
    }

    @Test
    void oneThatComesBackBeginsItsTimeAnew() {
        watch.whenStuck(Duration.ofSeconds(60), stuck::add);
        look(State.HANGING, 0, "a step has not returned", 100);
        look(State.SERVING, 1, "a step has not returned", 150);
        look(State.HANGING, 1, "a step has not returned", 170);
        look(State.RESTARTING, 1, "the engine can't restart", 220);
        assertThat(stuck).isEmpty();
        look(State.RESTARTING, 1, "the engine can't restart", 230);
        assertThat(stuck).hasSize(1);
    }
}
