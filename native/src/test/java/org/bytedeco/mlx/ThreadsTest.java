package org.bytedeco.mlx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.mlx.HeadersTest.floats;
import static org.bytedeco.mlx.global.mlx.*;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ThreadsTest {
    private static final Device CPU = new Device(0, 0);

    private static List<Float> onThreads(int threads, Callable<Float> task) throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Float>> futures = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                futures.add(pool.submit(task));
            }
            List<Float> results = new ArrayList<>();
            for (Future<Float> future : futures) {
                results.add(future.get());
            }
            return results;
        }
    }

    @Test
    void oneStreamServesArraysThatPassFromThreadToThread() throws Exception {
        StreamOrDevice stream = new StreamOrDevice(new_thread_unsafe_stream(CPU));
        array lazy = add(new array(1f), new array(2f), stream);
        float onceMore =
                onThreads(1, () -> add(lazy, lazy, stream).item_float()).get(0);
        assertThat(onceMore).isEqualTo(6f);
        assertThat(add(lazy, new array(1f), stream).item_float()).isEqualTo(4f);
    }

    @Test
    void theDefaultStreamBelongsToItsThread() throws Exception {
        array lazy = add(new array(1f), new array(2f));
        assertThatThrownBy(() -> onThreads(1, lazy::item_float)).hasMessageContaining("in current thread");
        lazy.eval();
        assertThat(onThreads(1, lazy::item_float)).containsExactly(3f);
    }

    @Test
    void aStreamOfItsOwnInEachThread() throws Exception {
        ThreadLocalStream local = new_thread_local_stream(CPU);
        List<Float> results = onThreads(4, () -> {
            StreamOrDevice stream = new StreamOrDevice(local);
            float total = 0;
            for (int i = 0; i < 50; i++) {
                total += sum(ones(new Shape(10, 10), float32(), stream), stream).item_float();
            }
            synchronize(local);
            return total;
        });
        assertThat(results).containsOnly(5000f);
    }

    @Test
    void seedsBelongToAThread() throws Exception {
        Callable<Float> first = () -> {
            seed(0);
            return floats(uniform(new Shape(4)))[0];
        };
        assertThat(onThreads(3, first)).containsOnly(0.8724143505f);
    }

    @Test
    void lambdasRunOnTheCallersThread() throws Exception {
        List<Float> results = onThreads(4, () -> {
            Thread caller = Thread.currentThread();
            boolean[] same = {false};
            ArraysFunction square = compile(x -> {
                same[0] = Thread.currentThread() == caller;
                return new ArrayVector(multiply(x.get(0), x.get(0)));
            });
            float value = square.apply(new ArrayVector(new array(3f))).get(0).item_float();
            return same[0] ? value : -1;
        });
        assertThat(results).containsOnly(9f);
    }
}
