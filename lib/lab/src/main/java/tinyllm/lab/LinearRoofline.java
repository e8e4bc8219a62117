package tinyllm.lab;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.arrays.Int8Blocks;
import tinyllm.arrays.PackedRows;
import tinyllm.arrays.QuantizedLinearFn;
import tinyllm.kernel.Bandwidth;
import tinyllm.kernel.CppKernel;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.PackedWeight;
import tinyllm.kernel.QuantizedMatmul;
import tinyllm.lab.check.TodoException;
import tinyllm.lab.exercises.quantized.cpu.CppLinearExercise;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** One vector times one matrix in several ways, under the roof of this machine's memory and arithmetic (chapter 2.2). */
public final class LinearRoofline {

    private static final int GROUP = 64;
    private static final int RUNS = 5;
    private static final long ROOF_BYTES = 1L << 28;

    /** One way: the median of five runs; GB/s counts the bytes of weights that the way reads. */
    public record Point(String way, double mb, double ms, double gbPerS, double gflops, double flopPerByte) {}

    private final int rows;
    private final int cols;
    private final float[] x;
    private final float[] weights;
    private final PackedRows packed;
    private final double roofGbs;
    private final double roofGflops;
    private final List<Point> points = new ArrayList<>();

    private LinearRoofline(int rows, int cols) {
        this.rows = rows;
        this.cols = cols;
        this.x = Tensor.normal(1, cols).toFloats();
        this.weights = Tensor.normal(2, rows, cols).toFloats();
        this.packed = PackedRows.of(weights, rows, cols, GROUP);
        this.roofGbs = Bandwidth.read(ROOF_BYTES) / 1e9;
        this.roofGflops = Ceilings.matmulGflops();
    }

    /**
     * @param rows so many that the packed matrix does not fit into a cache, else its bandwidth is measured
     * @param cols a multiple of 64
     */
    public static LinearRoofline of(int rows, int cols) {
        LinearRoofline line = new LinearRoofline(rows, cols);
        line.addBlas();
        return line;
    }

    private void addBlas() {
        Tensor w = Tensor.of(weights, rows, cols).T().contiguous().eval();
        Tensor row = Tensor.of(x, 1, cols).eval();
        add("BLAS, float32", 4L * rows * cols, () -> Scope.of(() -> row.matmul(w)));
    }

    /** A learner's class, on one core. */
    public LinearRoofline with(String way, Supplier<? extends QuantizedLinearFn> product) {
        QuantizedLinearFn own = product.get();
        add(way, packed.bytes(), () -> own.apply(x, packed));
        return this;
    }

    /** A learner's C++, on one core, in a process of its own. */
    public LinearRoofline withCpp(String way, Supplier<? extends KernelText> text) {
        double nanos = CppKernel.of(TodoException.refuseIn(text.get().text()), CppLinearExercise.FUNCTION)
                .time(
                        CppLinearExercise.outputs(packed),
                        CppLinearExercise.sizes(packed),
                        RUNS,
                        CppLinearExercise.inputs(Int8Blocks.of(x), packed));
        point(way, packed.bytes(), nanos / 1e6);
        return this;
    }

    /** This lab's own kernels and MLX's, on all compute threads. */
    public LinearRoofline withLibraries() {
        PackedWeight own = PackedForms.own(packed);
        QuantizedMatmul matmul = QuantizedMatmul.of(own);
        Tensor row = Tensor.of(x, 1, cols).eval();
        add("ours", own.nbytes(), () -> Scope.of(() -> matmul.apply(row)));
        MlxKernels.Packed mlx = PackedForms.mlx(packed);
        add("MLX", mlx.nbytes(), () -> Scope.of(() -> MlxKernels.quantizedMatmul(row, mlx)));
        return this;
    }

    private void add(String way, long bytes, Runnable product) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the measurement was interrupted");
        }
        warm(product);
        point(way, bytes, Timing.medianMs(RUNS, product));
    }

    /** Until the compiler has seen the loops; vectors are slow before that. */
    private static void warm(Runnable product) {
        long most = Lab.quick() ? 150_000_000L : 800_000_000L;
        long start = System.nanoTime();
        do {
            product.run();
        } while (System.nanoTime() - start < most);
    }

    private void point(String way, long bytes, double ms) {
        double operations = 2.0 * rows * cols;
        points.removeIf(p -> p.way().equals(way));
        points.add(new Point(way, bytes / 1e6, ms, bytes / ms / 1e6, operations / ms / 1e6, operations / bytes));
    }

    public List<Point> points() {
        return List.copyOf(points);
    }

    public Table table() {
        return Tables.of(points);
    }

    /** GFLOP/s against operations a byte, under the roof that memory and arithmetic make. */
    public Picture chart() {
        Point best =
                points.stream().max(Comparator.comparingDouble(Point::gbPerS)).orElseThrow();
        Point fastest =
                points.stream().max(Comparator.comparingDouble(Point::gflops)).orElseThrow();
        // Under load the roof was measured in a worse moment than a point: no point lies above it
        double memory = Math.max(roofGbs, best.gbPerS());
        double arithmetic = Math.max(roofGflops, fastest.gflops());
        Point slowest =
                points.stream().min(Comparator.comparingDouble(Point::gflops)).orElseThrow();
        String title = String.format(
                Locale.ROOT,
                "%s: %.0f × the speed of \"%s\", %.1f GB/s of weights",
                fastest.way(),
                fastest.gflops() / slowest.gflops(),
                slowest.way(),
                fastest.gbPerS());
        double[] ends = {.25, arithmetic / memory, 4 * Math.max(8, arithmetic / memory)};
        double[] roof = new double[ends.length];
        for (int i = 0; i < ends.length; i++) {
            roof[i] = Math.min(memory * ends[i], arithmetic);
        }
        Plot plot = Charts.plot(title, "operations a byte of weights", "GFLOP/s")
                .logX()
                .logY()
                .series("roof", ends, roof);
        for (Point p : points) {
            plot.points(p.way(), new double[] {p.flopPerByte()}, new double[] {p.gflops()});
        }
        return plot.picture();
    }
}
