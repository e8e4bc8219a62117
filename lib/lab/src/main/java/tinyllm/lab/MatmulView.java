package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.kernel.QuantizedKernels;
import tinyllm.kernel.host.HostReport;
import tinyllm.kernel.host.HostReport.Touch;
import tinyllm.lab.chart.TilePainter;
import tinyllm.lab.chart.TilePainter.Panel;
import tinyllm.lab.exercises.quantized.gpu.MatmulKernels;
import tinyllm.lab.exercises.quantized.gpu.QuantizedInputs;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.DType;

/** The kernels of chapter 2.3b on one product: their tiles, what they load and move, and what more rows or more parts cost. */
public final class MatmulView {

    private static final int TRACE = 120_000;
    private static final int SQUARE = 256; // threads of split-K's threadgroups
    private static final int X = 0;
    private static final int W = 1;
    private static final int Y = 4;

    private final QuantizedInputs in;
    private final int m;
    private final int k;
    private final int n;
    private final List<Variant> variants = new ArrayList<>();

    private record Variant(String name, MetalKernel kernel, Launch launch) {}

    private MatmulView(int m, int k, int n) {
        this.in = QuantizedInputs.draw(1, m, k, n);
        this.m = m;
        this.k = k;
        this.n = n;
    }

    /**
     * x {@code [m, k]} times 4-bit weights {@code [n, k]}.
     *
     * @param k a multiple of 64
     */
    public static MatmulView of(int m, int k, int n) {
        return new MatmulView(m, k, n);
    }

    /** One thread for each result. */
    public MatmulView naive() {
        return with("naive", MatmulKernels.naive(), MatmulKernels.oneThreadEach(m, n));
    }

    /** With a source of "2.3b tile". */
    public MatmulView tile(String source) {
        return with("tile", source, MatmulKernels.squares(m, n));
    }

    /** With a source of "2.3b registers". */
    public MatmulView registers(String source) {
        return with("registers", source, MatmulKernels.registers(m, n));
    }

    /** With a source of "2.3b matrices". */
    public MatmulView matrices(String source) {
        return with("matrices", source, MatmulKernels.matrices(m, n));
    }

    private MatmulView with(String name, String source, Launch launch) {
        variants.add(new Variant(name, MatmulKernels.named(source), launch));
        return this;
    }

    /** The variants so far and the library's kernel, counted. */
    public KernelBars bars() {
        KernelBars bars = KernelBars.of(in.fewestBytes());
        variants.forEach(v -> bars.with(v.name(), v.kernel(), v.launch(), MatmulKernels.arguments(in)));
        return bars.with("the library's", QuantizedKernels.tile(in.x(), in.weights()));
    }

    /** The same for values loaded for each product. */
    public Picture loads() {
        return bars().loadsChart("A larger tile, or a matrix, makes more of each value it loads", (long) m * k * n);
    }

    /** What the first threadgroup of each variant reads of x and w, and which part of y it writes. */
    public Picture tiles() {
        List<Panel> panels = variants.stream().map(this::panel).toList();
        String text = String.join(
                "; ",
                panels.stream()
                        .map(p -> p.name() + ": a value of x is read " + most(p.x()) + " ×, a word of w " + most(p.w())
                                + " ×, for " + results(p.y()) + " results")
                        .toList());
        return TilePainter.paint("What the first threadgroup reads and writes", panels, text + ".");
    }

    private Panel panel(Variant v) {
        Launch traced = v.launch().options(v.launch().options().trace(TRACE));
        HostReport report = clean(v.name(), v.kernel().inspect(traced, MatmulKernels.arguments(in)));
        int[][] x = new int[m][k];
        int[][] w = new int[n][k / 8];
        int[][] y = new int[m][n];
        for (Touch touch : report.touches()) {
            int at = (int) touch.element();
            switch (touch.buffer()) {
                case X -> x[at / k][at % k]++;
                case W -> w[at / (k / 8)][at % (k / 8)]++;
                case Y -> y[at / n][at % n]++;
                default -> {}
            }
        }
        return new Panel(v.name(), x, w, y);
    }

    private static int most(int[][] counts) {
        return IntStream.range(0, counts.length)
                .map(i -> IntStream.of(counts[i]).max().orElse(0))
                .max()
                .orElse(0);
    }

    private static long results(int[][] counts) {
        return IntStream.range(0, counts.length)
                .mapToLong(i -> IntStream.of(counts[i]).filter(c -> c > 0).count())
                .sum();
    }

    /**
     * Kilobytes moved for more and more rows: the kernel for one row, launched for all, beside tiles of 32 rows.
     *
     * @param guess the name of a prediction of what the kernel for one row moves at the last number of rows
     */
    public static Picture rows(String guess, int k, int n, int... rows) {
        double[] x = IntStream.of(rows).asDoubleStream().toArray();
        double[] matvec = new double[rows.length];
        double[] tile = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            QuantizedInputs in = QuantizedInputs.draw(1, rows[i], k, n);
            matvec[i] = kilobytes(QuantizedKernels.matvec(in.x(), in.weights()).inspect());
            tile[i] = kilobytes(QuantizedKernels.tile(in.x(), in.weights()).inspect());
        }
        int last = rows.length - 1;
        String title = String.format(
                Locale.ROOT, "%d rows: row by row %.0f kB move, in tiles %.0f", rows[last], matvec[last], tile[last]);
        return Charts.plot(title, "rows of x", "kB moved (counted on the host run)")
                .series("the kernel of 2.3a, row by row", x, matvec)
                .series("tiles of 32 rows", x, tile)
                .guess(guess)
                .picture();
    }

    /** What parts of K give and cost: threadgroups that can run side by side, and kilobytes of both launches. */
    public Picture parts(String source, int... parts) {
        List<String> labels = new ArrayList<>();
        long[] groups = new long[parts.length];
        double[] kb = new double[parts.length];
        for (int i = 0; i < parts.length; i++) {
            Launch launch = MatmulKernels.parts(m, n, parts[i]);
            KernelRun first = MatmulKernels.split(source).inspect(launch, MatmulKernels.arguments(in));
            HostReport report = clean(parts[i] + " parts", first);
            KernelRun second = QuantizedKernels.splitKSum(first.outputs().getFirst(), DType.F32)
                    .inspect();
            groups[i] = (long) launch.grid()[0] * launch.grid()[1] * launch.grid()[2] / SQUARE;
            kb[i] = report.deviceBytes() / 1e3 + kilobytes(second);
            labels.add(parts[i] + (parts[i] == 1 ? " part, " : " parts, ") + groups[i] + " threadgroups");
        }
        int last = parts.length - 1;
        String title = String.format(
                Locale.ROOT,
                "%d parts: %d threadgroups instead of %d, for %.2f × the bytes",
                parts[last],
                groups[last],
                groups[0],
                kb[last] / kb[0]);
        return Charts.bars(title, "parts of K", "kB moved, both launches", labels, kb);
    }

    private static double kilobytes(KernelRun run) {
        return clean("a kernel", run).deviceBytes() / 1e3;
    }

    private static HostReport clean(String name, KernelRun run) {
        if (!run.report().clean()) {
            throw new KernelException(
                    name + " does what no kernel may:\n" + run.report().sentences());
        }
        return run.report();
    }
}
