package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tech.tablesaw.api.Table;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.kernel.host.HostReport;
import tinyllm.kernel.host.HostReport.LineAccess;
import tinyllm.kernel.host.HostReport.Touch;
import tinyllm.lab.chart.TouchPainter;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** What a SIMD group's 32 loads cost when neighbours read neighbours, and when they do not (chapter 4.5). */
public final class Coalescing {

    private static final int ELEMENTS = 4_096;
    private static final int THREADS = 128;
    private static final int LANES = 32;
    private static final int TRACE = 60_000;
    private static final String BODY = """
            uint i = thread_position_in_grid.x * uint(stride) % 4096;
            float v = x[i];
            out[thread_position_in_grid.x] = v;
            """;

    private final List<Point> points = new ArrayList<>();

    /**
     * One stride.
     *
     * @param transactions segments of 128 bytes for one load of a SIMD group
     * @param used bytes asked for over bytes moved
     */
    public record Point(int stride, double transactions, double used) {}

    private Coalescing() {}

    /** Runs a kernel on the host in which thread t reads element t · stride, for these strides from 1 to 128. */
    public static Coalescing of(int... strides) {
        Coalescing measured = new Coalescing();
        for (int stride : strides) {
            if (stride < 1 || stride > 128) {
                throw new IllegalArgumentException("a stride is 1 to 128, not " + stride);
            }
            LineAccess read = run(stride).accesses().stream()
                    .filter(access -> access.line() == 2 && !access.write())
                    .findFirst()
                    .orElseThrow();
            double each = (double) read.transactions() / read.requests();
            measured.points.add(new Point(stride, each, read.efficiency()));
        }
        return measured;
    }

    private static HostReport run(int stride) {
        MetalKernel kernel = MetalKernel.of(BODY).inputs("x", "stride").outputs("out");
        Launch launch = Launch.grid(THREADS).group(THREADS).output(DType.F32, THREADS);
        KernelRun run = kernel.inspect(
                launch,
                Tensor.arange(ELEMENTS).astype(DType.F32),
                Tensor.of(new int[] {stride}).reshape());
        return run.report();
    }

    public Table table() {
        return Tables.of(points);
    }

    /** @param guess the name of a prediction of the transactions at stride 32 */
    public Picture chart(String guess) {
        Point last = points.getLast();
        String title = "32 loads cost %.0f transaction at stride %d and %.0f at stride %d"
                .formatted(
                        points.getFirst().transactions(),
                        points.getFirst().stride(),
                        last.transactions(),
                        last.stride());
        double[] x = points.stream().mapToDouble(Point::stride).toArray();
        double[] y = points.stream().mapToDouble(Point::transactions).toArray();
        return Charts.plot(title, "stride, in floats", "transactions for one load of 32 lanes")
                .logX()
                .series("counted", x, y)
                .guess(guess)
                .picture();
    }

    /**
     * Who touches what: the elements of one buffer that each lane of the first SIMD group touches first, second, third, …; an element
     * that a lane touches again does not count.
     *
     * @param buffer of the kernel's inputs and outputs, counted from 0, inputs first
     * @param moments rows of the picture, 1 to 32
     * @param elements of the buffer that are shown, of four bytes each, 32 to 512
     */
    public static Picture touches(
            String title, MetalKernel kernel, Launch launch, int buffer, int moments, int elements, Tensor... inputs) {
        if (moments < 1 || moments > 32 || elements < 32 || elements > 512) {
            throw new IllegalArgumentException(
                    "the picture shows 1 to 32 moments and 32 to 512 elements, not " + moments + " and " + elements);
        }
        HostReport report = kernel.inspect(launch.options(launch.options().trace(TRACE)), inputs)
                .report();
        int[][] lanes = new int[moments][elements];
        Arrays.stream(lanes).forEach(row -> Arrays.fill(row, -1));
        List<Set<Long>> seen = new ArrayList<>();
        for (int lane = 0; lane < LANES; lane++) {
            seen.add(new HashSet<>());
        }
        Set<Long> segments = new HashSet<>(); // of all first moments
        int first = 0;
        for (Touch touch : report.touches()) {
            if (touch.buffer() != buffer || touch.thread() >= LANES) {
                continue;
            }
            Set<Long> own = seen.get(touch.thread());
            int moment = own.size();
            if (own.add(touch.element())) {
                if (moment == 0) {
                    segments.add(touch.element() / LANES);
                    first++;
                }
                if (moment < moments && touch.element() < elements) {
                    lanes[moment][(int) touch.element()] = touch.thread();
                }
            }
        }
        String text = title + ": at the first moment " + first + " lanes touch " + segments.size()
                + (segments.size() == 1 ? " segment" : " segments") + " of 128 bytes.";
        String name = kernel.signature(launch, inputs).inputs().get(buffer).name();
        return TouchPainter.paint(title, name, lanes, LANES, text);
    }
}
