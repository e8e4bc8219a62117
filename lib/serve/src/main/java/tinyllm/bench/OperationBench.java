package tinyllm.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tinyllm.kernel.FlashAttention;
import tinyllm.kernel.InstructionSets;
import tinyllm.kernel.KernelThreads;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.PackedWeight;
import tinyllm.kernel.QuantizedMatmul;
import tinyllm.kernel.WeightForm;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** Single operations beside what they replace, in this process: {@code bench attention} and {@code bench kernels}. */
public final class OperationBench {
    private static final int HEADS = 14;
    private static final int KV_HEADS = 2;
    private static final int DIM = 64;

    private final int rounds;

    /** @param rounds timed runs of each, after one that is not counted */
    public OperationBench(int rounds) {
        if (rounds < 1) {
            throw new IllegalArgumentException("--rounds must be 1 or more, but is " + rounds);
        }
        this.rounds = rounds;
    }

    /** Causal attention of Qwen2.5-Coder-0.5B's heads over whole prompts: ours, MLX's fused one, and array operations. */
    public List<Map<String, Object>> attention(int... lengths) {
        List<Map<String, Object>> rows = new ArrayList<>();
        double scale = 1 / Math.sqrt(DIM);
        for (int length : lengths) {
            Tensor q = Tensor.normal(1, 1, HEADS, length, DIM).eval();
            Tensor k = Tensor.normal(2, 1, KV_HEADS, length, DIM).eval();
            Tensor v = Tensor.normal(3, 1, KV_HEADS, length, DIM).eval();
            Tensor mask = new Masks().causal(length, length, DType.F32).eval();
            Map<String, Supplier<Tensor>> ways = new LinkedHashMap<>();
            ways.put("own flash", () -> FlashAttention.causal(q, k, v, scale));
            ways.put("mlx fused", () -> MlxKernels.attend(q, k, v, mask, scale));
            ways.put("array operations", () -> new GroupedQueryAttention().attend(q, k, v, mask, scale));
            rows.addAll(measured(Map.of("queries", length, "keys", length), ways, 1));
        }
        return rows;
    }

    /** The 896 × 4864 matrix of Qwen2.5-Coder-0.5B's gate at each form that its file has, for one row and for many. */
    public List<Map<String, Object>> kernels(int... activationRows) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (WeightForm form : new WeightForm[] {
            new WeightForm(4864, 896, 4, 32, WeightForm.Scales.HALF),
            new WeightForm(4864, 896, 5, 32, WeightForm.Scales.CENTERED),
            new WeightForm(4864, 896, 8, 32, WeightForm.Scales.CENTERED),
            new WeightForm(896, 4864, 4, 32, WeightForm.Scales.FACTORS),
            new WeightForm(896, 4864, 6, 16, WeightForm.Scales.FACTORS_16)
        }) {
            PackedWeight weight = PackedWeight.pack(form, OperationBench::someCodes, null);
            QuantizedMatmul matmul = QuantizedMatmul.of(weight);
            for (int m : activationRows) {
                Tensor x = Tensor.normal(1, m, form.cols()).eval();
                Map<String, Object> what = new LinkedHashMap<>();
                what.put("rows", m);
                what.put("matrix", form.rows() + " × " + form.cols());
                what.put("bits", form.bits());
                what.put("group", form.groupSize());
                what.put("bytes", weight.nbytes());
                rows.addAll(measured(what, Map.of("own " + InstructionSets.current(), () -> matmul.apply(x)), 20));
            }
        }
        return rows;
    }

    private static void someCodes(
            int first, int count, byte[] codes, float[] scales, float[] biases, float[] d, float[] dmin) {
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) ((i * 7 + first) & 15);
        }
        Arrays.fill(scales, 1);
        Arrays.fill(d, 0.01f);
    }

    private List<Map<String, Object>> measured(
            Map<String, Object> what, Map<String, Supplier<Tensor>> ways, int times) {
        Map<String, List<Double>> samples = new LinkedHashMap<>();
        Map<String, Long> memory = new LinkedHashMap<>();
        for (int round = 0; round <= rounds; round++) {
            for (Map.Entry<String, Supplier<Tensor>> way : ways.entrySet()) {
                long before = Memory.activeBytes();
                Memory.resetPeak();
                double ms = milliseconds(way.getValue(), times);
                memory.merge(way.getKey(), Memory.peakBytes() - before, Math::max);
                if (round > 0) {
                    samples.computeIfAbsent(way.getKey(), n -> new ArrayList<>())
                            .add(ms);
                }
            }
        }
        List<Map<String, Object>> rows = new ArrayList<>();
        samples.forEach((name, all) -> {
            Map<String, Object> row = new LinkedHashMap<>(what);
            row.put("variant", name);
            row.put("threads", KernelThreads.count());
            row.put("median_ms", all.stream().sorted().toList().get(all.size() / 2));
            row.put("samples_ms", all);
            row.put("peak_bytes", memory.get(name));
            rows.add(row);
        });
        return rows;
    }

    private static double milliseconds(Supplier<Tensor> way, int times) {
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            try (Scope scope = Scope.open()) {
                way.get().eval();
            }
        }
        return (System.nanoTime() - start) / 1e6 / times;
    }
}
