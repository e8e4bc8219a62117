package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lazy tensor made on one thread is computed on any other (MLX itself refuses that). */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ThreadsTest {
    private static <T> T on(Thread.Builder builder, Callable<T> body) throws Exception {
        var task = new java.util.concurrent.FutureTask<>(body);
        builder.start(task);
        return task.get(60, TimeUnit.SECONDS);
    }

    @Test
    void lazyHereComputedThere() throws Exception {
        Tensor weights = Tensor.uniform(1, 16, 16);
        Tensor lazy = on(Thread.ofPlatform(), () -> weights.matmul(weights).add(1));
        assertThat(lazy.isEvaluated()).isFalse();
        float[] there = on(Thread.ofPlatform(), lazy::toFloats);
        assertThat(lazy.toFloats()).isEqualTo(there);
        Tensor virtual = on(Thread.ofVirtual(), () -> lazy.mul(2));
        assertThat(on(Thread.ofVirtual(), () -> virtual.sub(lazy).sum().item()))
                .isEqualTo(lazy.sum().item());
    }

    /** 10,000 rounds over 8 threads: each makes a lazy tensor and reads the one that its neighbour made. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eightThreadsShareAll(boolean virtual) throws Exception {
        int threads = 8;
        int rounds = 10_000 / threads;
        Tensor shared = Tensor.uniform(3, 8, 8);
        float[] truth = shared.toFloats();
        Tensor[] board = new Tensor[threads];
        java.util.Arrays.setAll(board, i -> shared.mul(i));
        try (ExecutorService pool =
                virtual ? Executors.newVirtualThreadPerTaskExecutor() : Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int me = t;
                results.add(pool.submit(() -> rounds(me, rounds, shared, truth, board)));
            }
            for (Future<Integer> result : results) {
                assertThat(result.get(4, TimeUnit.MINUTES)).isEqualTo(rounds);
            }
        }
    }

    private static int rounds(int me, int rounds, Tensor shared, float[] truth, Tensor[] board) {
        int right = 0;
        for (int round = 0; round < rounds; round++) {
            Tensor mine = shared.T().mul(me).T();
            Tensor other;
            synchronized (board) {
                other = board[(me + round) % board.length];
                board[me] = mine;
            }
            int factor = (me + round) % board.length;
            float[] got = other.toFloats();
            boolean same = true;
            for (int i = 0; i < got.length; i++) {
                same &= got[i] == truth[i] * factor;
            }
            right += same ? 1 : 0;
        }
        return right;
    }

    @Test
    void evaluatingOnManyThreadsStartsNoThreadsForEach() throws Exception {
        Tensor x = Tensor.ones(DType.F32, 4);
        x.add(1).eval();
        long before = nativeThreads();
        for (int i = 0; i < 50; i++) {
            assertThat(on(Thread.ofPlatform(), () -> x.add(2).sum().item())).isEqualTo(12);
        }
        assertThat(nativeThreads()).isLessThan(before + 25);
    }

    private static long nativeThreads() throws Exception {
        java.nio.file.Path tasks = java.nio.file.Path.of("/proc/self/task");
        if (!java.nio.file.Files.isDirectory(tasks)) {
            return 0;
        }
        try (var list = java.nio.file.Files.list(tasks)) {
            return list.count();
        }
    }

    @Test
    void anInterruptChangesNothing() throws Exception {
        Tensor x = Tensor.uniform(5, 64, 64);
        double sum = x.matmul(x).sum().item();
        double got = on(Thread.ofPlatform(), () -> {
            Thread.currentThread().interrupt();
            double value = x.matmul(x).eval().sum().item();
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            return value;
        });
        assertThat(got).isEqualTo(sum);
    }

    @Test
    void anErrorOnOneThreadLeavesTheOthersAlone() throws Exception {
        Tensor x = Tensor.ones(DType.F32, 3);
        for (int i = 0; i < 100; i++) {
            on(Thread.ofVirtual(), () -> {
                org.assertj.core.api.Assertions.assertThatThrownBy(() -> x.add(Tensor.ones(DType.F32, 2)))
                        .isInstanceOf(IllegalArgumentException.class);
                return null;
            });
        }
        assertThat(x.sum().item()).isEqualTo(3);
    }
}
