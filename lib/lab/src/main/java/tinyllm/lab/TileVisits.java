package tinyllm.lab;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.host.HostOptions;
import tinyllm.kernel.host.HostReport.Touch;
import tinyllm.lab.chart.ColorMap;
import tinyllm.lab.chart.HeatMaps;
import tinyllm.lab.exercises.flash.gpu.PrefillKernels;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/** Which tiles of keys each threadgroup of a learner's prefill kernel loads, watched on the host (chapter 2.5b). */
public final class TileVisits {

    private static final int MOST = 8;
    private static final int K_BUFFER = 1;

    private TileVisits() {}

    /**
     * A map of threadgroups of 64 queries and tiles of 32 keys; the colour is the turn in which a tile is loaded, grey is never.
     *
     * @param source a kernel as chapter 2.5b's exercises ask for: {@code KernelSources.of("2.5b causal", MyCausal::new)}
     * @param threadgroups 1 to 8: so many times 64 queries, and as many keys
     */
    public static Picture of(String source, int threadgroups) {
        if (threadgroups < 1 || threadgroups > MOST) {
            throw new IllegalArgumentException("1 to " + MOST + " threadgroups can be shown, not " + threadgroups);
        }
        int length = threadgroups * PrefillKernels.QUERIES;
        int tiles = length / PrefillKernels.KEYS;
        Tensor q = Tensor.normal(1, 1, length, PrefillKernels.HEAD);
        Tensor k = Tensor.normal(2, 1, length, PrefillKernels.HEAD);
        Tensor v = Tensor.normal(3, 1, length, PrefillKernels.HEAD);
        float[][] loaded = new float[threadgroups][tiles];
        for (int group = 0; group < threadgroups; group++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the picture was interrupted");
            }
            loaded[group] = row(source, q, k, v, group, tiles);
        }
        long visited = IntStream.range(0, threadgroups)
                .mapToLong(g ->
                        IntStream.range(0, tiles).filter(c -> loaded[g][c] > 0).count())
                .sum();
        String title = String.format(
                Locale.ROOT,
                "%d of %d tiles are loaded: %.0f %%",
                visited,
                threadgroups * tiles,
                100.0 * visited / threadgroups / tiles);
        for (float[] row : loaded) {
            for (int c = 0; c < tiles; c++) {
                row[c] = row[c] == 0 ? Float.NaN : row[c]; // grey
            }
        }
        List<String> rows = IntStream.range(0, threadgroups)
                .mapToObj(g -> Integer.toString(g * PrefillKernels.QUERIES))
                .toList();
        List<String> columns = IntStream.range(0, tiles)
                .mapToObj(c -> Integer.toString(c * PrefillKernels.KEYS))
                .toList();
        return HeatMaps.single(
                title,
                Tensor.of(loaded),
                rows,
                columns,
                ColorMap.RISING,
                "first of " + PrefillKernels.QUERIES + " queries",
                "first of " + PrefillKernels.KEYS + " keys");
    }

    private static float[] row(String source, Tensor q, Tensor k, Tensor v, int group, int tiles) {
        HostOptions watched = HostOptions.DEFAULT.trace(64 * PrefillKernels.KEYS * PrefillKernels.HEAD * tiles);
        KernelRun run =
                PrefillKernels.tile(source, q, k, v, group).options(watched).inspect();
        if (!run.report().clean()) {
            throw new KernelException(run.report().sentences());
        }
        float[] loaded = new float[tiles];
        int turn = 0;
        for (Touch touch : run.report().touches()) {
            int tile = (int) (touch.element() / PrefillKernels.HEAD / PrefillKernels.KEYS);
            if (touch.buffer() == K_BUFFER && !touch.write() && loaded[tile] == 0) {
                loaded[tile] = ++turn;
            }
        }
        return loaded;
    }
}
