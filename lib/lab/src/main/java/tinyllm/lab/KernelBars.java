package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tech.tablesaw.api.Table;
import tinyllm.kernel.KernelCall;
import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.kernel.host.HostReport;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/** Kernels for the same result side by side, as the host run counts them (chapters 2.3a and 2.3b). */
public final class KernelBars {

    private final List<Row> rows = new ArrayList<>();
    private final List<Loads> loads = new ArrayList<>();
    private final long fewest;

    /**
     * One variant.
     *
     * @param transactions segments of 128 bytes of device memory, each counted once a request of a SIMD group
     * @param deviceKb kilobytes that device memory moves
     */
    public record Row(String variant, long transactions, double deviceKb, long threadgroupBytes, long barriers) {}

    /** How many values the threads of a variant load, from device memory and from threadgroup memory. */
    private record Loads(double device, double threadgroup) {}

    private KernelBars(long fewest) {
        this.fewest = fewest;
    }

    /** @param fewestBytes what any variant has to move: every input and the result once */
    public static KernelBars of(long fewestBytes) {
        return new KernelBars(fewestBytes);
    }

    /** Runs one variant, once. */
    public KernelBars with(String variant, MetalKernel kernel, Launch launch, Tensor... inputs) {
        return with(variant, kernel.inspect(launch, inputs));
    }

    /** The library's. */
    public KernelBars with(String variant, KernelCall call) {
        return with(variant, call.inspect());
    }

    private KernelBars with(String variant, KernelRun run) {
        HostReport report = run.report();
        if (!report.clean()) {
            throw new KernelException(variant + " does what no kernel may:\n" + report.sentences());
        }
        rows.add(new Row(
                variant,
                report.transactions(),
                report.deviceBytes() / 1e3,
                report.counts().threadgroupBytes(),
                report.counts().barriers()));
        loads.add(new Loads(loads(report, false), loads(report, true)));
        return this;
    }

    private static double loads(HostReport report, boolean threadgroup) {
        return report.accesses().stream()
                .filter(access -> !access.write() && access.threadgroup() == threadgroup)
                .mapToLong(HostReport.LineAccess::accesses)
                .sum();
    }

    public Table table() {
        return Tables.of(rows);
    }

    /** Values that the threads of each variant load from threadgroup memory, for each product. */
    double[] threadgroupLoads(long products) {
        return loads.stream().mapToDouble(l -> l.threadgroup() / products).toArray();
    }

    /**
     * Values that the threads load for each product, from either memory.
     *
     * @param title says what is to be seen
     * @param products how many products any variant computes
     */
    public Picture loadsChart(String title, long products) {
        Map<String, double[]> series = new LinkedHashMap<>();
        series.put("from threadgroup memory", threadgroupLoads(products));
        series.put(
                "from device memory",
                loads.stream().mapToDouble(l -> l.device() / products).toArray());
        return Charts.bars(
                title,
                "variant",
                "loads for each product",
                rows.stream().map(Row::variant).toList(),
                series);
    }

    /** Kilobytes moved, beside the floor. */
    public Picture chart() {
        Row most = rows.stream()
                .max(java.util.Comparator.comparingDouble(Row::deviceKb))
                .orElseThrow();
        Row least = rows.stream()
                .min(java.util.Comparator.comparingDouble(Row::deviceKb))
                .orElseThrow();
        List<String> labels = new ArrayList<>(rows.stream().map(Row::variant).toList());
        labels.add("every byte once");
        List<Double> values = new ArrayList<>(rows.stream().map(Row::deviceKb).toList());
        values.add(fewest / 1e3);
        return Charts.bars(
                String.format(
                        Locale.ROOT,
                        "%s moves %.1f × the bytes of %s",
                        most.variant(),
                        most.deviceKb() / least.deviceKb(),
                        least.variant()),
                "variant",
                "kB moved (counted on the host run)",
                labels,
                values.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
