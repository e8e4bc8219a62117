package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.arrays.MatmulFn;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** One product of two square matrices, computed in several ways (chapter 0.1). */
public final class MatmulCost {

    private static final int LARGEST = 1_024;
    private static final int RUNS = 3;

    /** One size: GFLOP/s of one way, from the median of three runs after one that does not count. */
    public record Point(String way, int size, double ms, double gflops) {}

    private final int[] sizes;
    private final double ceiling;
    private final Map<String, double[]> gflops = new LinkedHashMap<>();
    private final List<Point> points = new ArrayList<>();

    private MatmulCost(int... sizes) {
        this.sizes = sizes;
        this.ceiling = Ceilings.matmulGflops();
    }

    /**
     * Starts a comparison with the product of tensors, which is the BLAS library's.
     *
     * @param sizes n of products {@code [n, n] x [n, n]}, each 8 to 1,024
     */
    public static MatmulCost of(int... sizes) {
        if (sizes.length == 0 || Arrays.stream(sizes).anyMatch(n -> n < 8 || n > LARGEST)) {
            throw new IllegalArgumentException(
                    "give one size or more, each 8 to " + LARGEST + ", not " + Arrays.toString(sizes));
        }
        MatmulCost cost = new MatmulCost(sizes.clone());
        cost.add("BLAS", n -> {
            Tensor a = Tensor.normal(1, n, n).eval();
            Tensor b = Tensor.normal(2, n, n).eval();
            return () -> Scope.of(() -> a.matmul(b).eval());
        });
        return cost;
    }

    /** One more way: a class that multiplies plain arrays. */
    public MatmulCost with(String way, Supplier<? extends MatmulFn> product) {
        add(way, n -> {
            float[] a = Tensor.normal(1, n, n).toFloats();
            float[] b = Tensor.normal(2, n, n).toFloats();
            MatmulFn own = product.get();
            return () -> own.matmul(a, b, n, n, n);
        });
        return this;
    }

    private interface Way {
        Runnable at(int n);
    }

    private void add(String name, Way way) {
        double[] speeds = new double[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            Runnable product = way.at(sizes[i]);
            warm(product);
            double ms = Timing.medianMs(RUNS, product);
            speeds[i] = 2 * Math.pow(sizes[i], 3) / ms / 1e6;
            points.add(new Point(name, sizes[i], ms, speeds[i]));
        }
        gflops.put(name, speeds);
    }

    /** Until the compiler has seen the loops; vectors are slow before that. */
    private static void warm(Runnable product) {
        long most = Lab.quick() ? 150_000_000L : 600_000_000L;
        long start = System.nanoTime();
        while (System.nanoTime() - start < most) {
            product.run();
        }
    }

    public List<Point> points() {
        return List.copyOf(points);
    }

    public Table table() {
        return Tables.of(points);
    }

    /**
     * Speed against size, and what a large product reaches on this machine.
     *
     * @param guess the name of a prediction in GFLOP/s to draw, if there is one
     */
    public Picture chart(String guess) {
        int last = sizes.length - 1;
        List<Point> largest =
                points.stream().filter(point -> point.size() == sizes[last]).toList();
        Point slowest = Collections.min(largest, Comparator.comparingDouble(Point::gflops));
        Point fastest = Collections.max(largest, Comparator.comparingDouble(Point::gflops));
        double factor = fastest.gflops() / slowest.gflops();
        String title = String.format(
                Locale.ROOT,
                "At n = %d: %s is %.0f × as fast as %s",
                sizes[last],
                fastest.way(),
                factor,
                slowest.way());
        double[] x = Arrays.stream(sizes).asDoubleStream().toArray();
        Plot plot = Charts.plot(title, "n, of a product [n, n] x [n, n]", "GFLOP/s")
                .logX()
                .logY();
        gflops.forEach((name, speeds) -> plot.series(name, x, speeds));
        // Under load the ceiling was measured in a worse moment than a point: no point lies above a ceiling.
        double top = Math.max(
                ceiling, points.stream().mapToDouble(Point::gflops).max().orElse(0));
        return plot.level(String.format(Locale.ROOT, "ceiling: %.0f", top), top)
                .guess(guess)
                .picture();
    }
}
