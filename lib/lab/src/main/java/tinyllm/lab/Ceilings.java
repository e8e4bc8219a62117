package tinyllm.lab;

import java.util.stream.IntStream;
import tinyllm.model.CausalLm;
import tinyllm.model.ModelConfig;
import tinyllm.tensor.Tensor;

/** What this machine can reach at best, measured: the ceilings that the charts draw. */
public final class Ceilings {

    private static final int SQUARE = 1024;
    private static final int LONGS = 1 << 25; // 256 MiB: more than most caches hold
    private static final int RUNS = 5;

    private Ceilings() {}

    /** GFLOP/s of a large square matrix product in float32; the median of five. */
    public static double matmulGflops() {
        Tensor a = Tensor.normal(1, SQUARE, SQUARE).eval();
        Tensor b = Tensor.normal(2, SQUARE, SQUARE).eval();
        return 2 * Math.pow(SQUARE, 3) / Timing.medianMs(() -> a.matmul(b)) / 1e6;
    }

    /** GB/s at which all cores together read memory when they only add up a long array; the best of five. */
    public static double memoryGbs() {
        int cores = Runtime.getRuntime().availableProcessors();
        long[] large = new long[LONGS];
        double best = 0;
        for (int run = 0; run <= RUNS; run++) {
            long start = System.nanoTime();
            long sum = IntStream.range(0, cores)
                    .parallel()
                    .mapToLong(part -> sum(large, part, cores))
                    .sum();
            double gbs = (double) Long.BYTES * LONGS / (System.nanoTime() - start);
            // The first run finds the pages; the sum is used, so that no compiler leaves it out.
            best = run == 0 || sum != 0 ? best : Math.max(best, gbs);
        }
        return best;
    }

    /**
     * Bytes of float32 weights that a model must read for one token: all of them, but of an input table of its own only the
     * token's row. A table that is the output layer, too, is read whole.
     */
    public static long bytesPerToken(CausalLm model) {
        ModelConfig config = model.config();
        long row = (long) Float.BYTES * config.hiddenSize();
        return config.tieWordEmbeddings() ? model.weightBytes() : model.weightBytes() - row * (config.vocabSize() - 1);
    }

    private static long sum(long[] values, int part, int parts) {
        int from = (int) ((long) values.length * part / parts);
        int to = (int) ((long) values.length * (part + 1) / parts);
        long sum = 0;
        for (int i = from; i < to; i++) {
            sum += values[i];
        }
        return sum;
    }
}
