package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tinyllm.kernel.KernelCall;
import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.host.HostOptions;
import tinyllm.kernel.host.HostReport;
import tinyllm.lab.chart.ColorMap;
import tinyllm.lab.chart.HeatMaps;
import tinyllm.lab.exercises.flash.gpu.DecodeKernels;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/** Which SIMD group reads which key, and when: the first threadgroup of a learner's decode kernel, watched on the host (chapter 2.5a). */
public final class KeyReaders {

    private static final int MOST_KEYS = 256;
    private static final int SIMD = 32;
    private static final int K_BUFFER = 1;

    private KeyReaders() {}

    /**
     * A map of SIMD groups and keys; the colour is the turn in which the group reads the key, grey is never.
     *
     * @param source a kernel as exercise "2.5a decode" asks for: {@code KernelSources.of("2.5a decode", MyDecode::new)}
     * @param keys 1 to 256
     */
    public static Picture of(String source, int keys) {
        int groups = DecodeKernels.GROUPS;
        if (keys < 1 || keys > MOST_KEYS) {
            throw new IllegalArgumentException("1 to " + MOST_KEYS + " keys can be shown, not " + keys);
        }
        Tensor q = Tensor.normal(1, 1, DecodeKernels.HEAD);
        Tensor k = Tensor.normal(2, 1, keys, DecodeKernels.HEAD);
        Tensor v = Tensor.normal(3, 1, keys, DecodeKernels.HEAD);
        KernelCall call = DecodeKernels.call(source, q, k, v, groups);
        KernelRun run = call.options(watched(keys)).inspect();
        if (!run.report().clean()) {
            throw new KernelException(run.report().sentences());
        }
        float[][] turns = turns(run.report().touches(), groups, keys);
        long twice = IntStream.range(0, keys)
                .filter(key -> Arrays.stream(turns).filter(row -> row[key] > 0).count() > 1)
                .count();
        long never = IntStream.range(0, keys)
                .filter(key -> Arrays.stream(turns).noneMatch(row -> row[key] > 0))
                .count();
        String title = String.format(Locale.ROOT, "%d keys in %d turns%s", keys, most(turns), remark(twice, never));
        for (float[] row : turns) {
            for (int key = 0; key < keys; key++) {
                row[key] = row[key] == 0 ? Float.NaN : row[key]; // grey
            }
        }
        List<String> rows =
                IntStream.range(0, groups).mapToObj(Integer::toString).toList();
        List<String> columns =
                IntStream.range(0, keys).mapToObj(Integer::toString).toList();
        return HeatMaps.single(title, Tensor.of(turns), rows, columns, ColorMap.RISING, "SIMD group", "key");
    }

    private static String remark(long twice, long never) {
        List<String> parts = new ArrayList<>();
        if (twice > 0) {
            parts.add(twice + " of them read by several groups");
        }
        if (never > 0) {
            parts.add(never + " read by nobody");
        }
        return parts.isEmpty() ? ", each read by one SIMD group" : ": " + String.join(", ", parts);
    }

    /** A run that keeps enough accesses to see all keys read, with room for kernels that read them more than once. */
    static HostOptions watched(int keys) {
        return HostOptions.DEFAULT.trace(16 * keys * DecodeKernels.HEAD + 65_536);
    }

    /** The largest number of keys that one SIMD group reads. */
    static int most(float[][] turns) {
        float most = 0;
        for (float[] row : turns) {
            for (float turn : row) {
                most = Math.max(most, turn);
            }
        }
        return (int) most;
    }

    /** {@code [groups, keys]}: in which turn a group first reads a key, from 1; 0 for never. */
    static float[][] turns(List<HostReport.Touch> touches, int groups, int keys) {
        float[][] turns = new float[groups][keys];
        Map<Integer, Integer> seen = new HashMap<>();
        for (HostReport.Touch touch : touches) {
            int key = (int) (touch.element() / DecodeKernels.HEAD);
            int group = touch.thread() / SIMD;
            if (touch.buffer() == K_BUFFER && !touch.write() && turns[group][key] == 0) {
                turns[group][key] = seen.merge(group, 1, Integer::sum);
            }
        }
        return turns;
    }
}
