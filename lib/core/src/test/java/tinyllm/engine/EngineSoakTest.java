package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.cache.PageBudget;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.Memory;

/** Requests come and go for a long time: none is left without an end, no page is lost, and memory stays where it was. */
@Tag("slow")
class EngineSoakTest {

    private static final int SECONDS =
            Integer.getInteger("tinyllm.soak.seconds", Boolean.getBoolean("tinyllm.long") ? 600 : 60);
    private static final long MB = 1 << 20;

    /** What the process holds beside the Java heap, in bytes; -1 where nobody says. */
    private static long besideTheHeap() throws IOException {
        System.gc();
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return -1;
        }
        long resident = Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElse(-1);
        return resident
                - ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
    }

    @Test
    void manyRequestsForALongTime() throws Exception {
        CausalLm model = Models.load(
                Path.of("src/test/resources/checkpoints/mlx-q4-g64").toString(), KernelSet.OWN, LoadListener.NONE);
        int vocabulary = model.tokenizer().vocabSize();
        Random random = new Random(1);
        int[] prefix = random.ints(48, 0, vocabulary).toArray();
        long seconds = System.nanoTime();
        long warm = -1;
        long warmTensors = 0;
        int alive = Integer.MAX_VALUE;
        long submitted = 0;
        long ended = 0;
        List<RequestHandle> handles = new ArrayList<>();
        try (Engine engine = new Engine(model, EngineOptions.standard().with(PageBudget.tokens(40 * 16)))) {
            while (System.nanoTime() - seconds < Duration.ofSeconds(SECONDS).toNanos()) {
                for (int i = random.nextInt(30); i >= 0; i--) {
                    handles.add(engine.submit(request(random, vocabulary, prefix)));
                    submitted++;
                }
                for (int i = random.nextInt(4); i > 0; i--) {
                    handles.get(random.nextInt(handles.size())).cancel();
                }
                if (random.nextInt(4) > 0) {
                    ended += end(handles);
                }
                double share = (System.nanoTime() - seconds) / 1e9 / SECONDS;
                if (warm < 0 && share > 0.25) {
                    ended += end(handles);
                    warm = besideTheHeap();
                    warmTensors = Memory.activeBytes();
                    alive = Memory.liveTensors();
                }
            }
            ended += end(handles);
            assertThat(ended).isEqualTo(submitted).isGreaterThan(SECONDS * 5L);
            EngineMetrics metrics = engine.metrics();
            assertThat(metrics.ended().values().stream().mapToLong(n -> n).sum())
                    .isEqualTo(submitted);
            assertThat(metrics.ended()).doesNotContainKey(FinishReason.ERROR);
            assertThat(metrics.preemptions()).isPositive();
            assertThat(metrics.prefixTokens()).isPositive();
            assertThat(engine.health().lastFailure()).isEmpty();
            assertThat(Memory.liveTensors()).as("tensors alive").isLessThanOrEqualTo(alive);
            assertThat(Memory.activeBytes() - warmTensors)
                    .as("bytes of tensors")
                    .isLessThan(MB);
            if (warm >= 0) {
                assertThat(besideTheHeap() - warm).as("bytes beside the heap").isLessThan(48 * MB);
            }
        } // closing throws when a page is lost
    }

    private static EngineRequest request(Random random, int vocabulary, int[] prefix) {
        int[] own = random.ints(1 + random.nextInt(60), 0, vocabulary).toArray();
        int[] prompt = own;
        if (random.nextBoolean()) {
            prompt = Arrays.copyOf(prefix, prefix.length + own.length);
            System.arraycopy(own, 0, prompt, prefix.length, own.length);
        }
        return EngineRequest.tokens(prompt)
                .maxTokens(1 + random.nextInt(40))
                .sampling(
                        random.nextInt(4) == 0
                                ? new SamplingParams(0.8, 0, 0.95, 0, 1, random.nextInt())
                                : SamplingParams.GREEDY);
    }

    /** Waits for the end of all. */
    private static int end(List<RequestHandle> handles) throws Exception {
        for (RequestHandle handle : handles) {
            Completion done = handle.result(Duration.ofSeconds(60));
            assertThat(done.tokens().size()).isLessThanOrEqualTo(40);
        }
        int count = handles.size();
        handles.clear();
        return count;
    }
}
