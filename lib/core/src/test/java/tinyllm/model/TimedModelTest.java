package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tinyllm.cache.KvCache;
import tinyllm.kernel.KernelSet;
import tinyllm.profile.OperationTimer;

/** A stopwatch around every operation sees all of them and changes no number. */
class TimedModelTest {

    private static final int[] TOKENS = {5, 9, 2, 40, 17};

    @ParameterizedTest
    @EnumSource(KernelSet.class)
    void everyOperationIsSeenAndNoNumberChanges(KernelSet set, @TempDir Path folder) throws Exception {
        CausalLm model = Models.load(TinyQuantized.write(folder, "qwen2").toString(), set, LoadListener.NONE);
        OperationTimer timer = new OperationTimer();
        float[] timed = run(model.timed(timer));

        assertThat(timed).isEqualTo(run(model));
        assertThat(timer.totals().keySet())
                .containsAll(
                        model.operations().stream().map(ModelOperation::name).toList());
        assertThat(timer.totals().values()).allMatch(ms -> ms >= 0);
        assertThat(timer.events().stream()
                        .filter(e -> e.operation().equals("attention"))
                        .map(OperationTimer.Event::layer))
                .containsExactly(0, 1, 0, 1);
    }

    @ParameterizedTest
    @EnumSource(KernelSet.class)
    void operationsNameAllWeightsThatAreMultiplied(KernelSet set, @TempDir Path folder) throws Exception {
        CausalLm model = Models.load(TinyQuantized.write(folder, "llama").toString(), set, LoadListener.NONE);

        long weights =
                model.operations().stream().mapToLong(ModelOperation::weights).sum();

        long layer = 128L * (4 * 32 + 2 * 2 * 32 + 4 * 32) + 3L * 128 * 192;
        assertThat(weights).isEqualTo(2 * layer + 64 * 128);
        assertThat(model.operations().stream()
                        .mapToLong(ModelOperation::weightBytes)
                        .sum())
                .isPositive()
                .isLessThanOrEqualTo(model.weightBytes());
    }

    @Test
    void insideAnotherOperationTimeCountsOnce() {
        OperationTimer timer = new OperationTimer();
        var one = tinyllm.tensor.Tensor.of(new float[] {1});
        timer.time("outer", -1, () -> {
            pause(20);
            return timer.time("inner", 0, () -> {
                pause(60);
                return one;
            });
        });

        assertThat(timer.totals().get("inner")).isGreaterThanOrEqualTo(60);
        assertThat(timer.totals().get("outer")).isCloseTo(20, within(15.0));
        List<OperationTimer.Event> events = timer.events();
        assertThat(events).extracting(OperationTimer.Event::operation).containsExactly("inner", "outer");
        assertThat(events.getFirst().startMs()).isGreaterThan(events.getLast().startMs());
    }

    private static void pause(int ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static float[] run(CausalLm model) {
        try (KvCache cache = model.newCache(16)) {
            model.lastLogits(TOKENS, cache);
            return model.lastLogits(new int[] {7}, cache).toFloats();
        }
    }
}
