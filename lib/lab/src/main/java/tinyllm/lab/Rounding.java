package tinyllm.lab;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.NormFn;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** What the norm's result loses when it is computed in 16 bits, on the numbers that really enter each layer (chapter 1.4). */
public final class Rounding {

    private static final double LEAST = 1e-4;

    private Rounding() {}

    private interface Way {
        Tensor normed(Tensor x, Tensor weight, double eps);
    }

    /**
     * The error against the same norm in float64 by a Java loop, layer by layer, in percent of the result's length.
     *
     * @param norm makes the learner's object; it gets bfloat16
     */
    public static Picture of(CausalLm model, Supplier<? extends NormFn> norm, String text) {
        Activations run = Activations.of(model, text);
        Map<String, Way> ways = new LinkedHashMap<>();
        ways.put("yours", (x, w, eps) -> norm.get().normalize(x.astype(DType.BF16), w, eps));
        ways.put("bfloat16 throughout", (x, w, eps) -> stepwise(x, w, eps, DType.BF16));
        ways.put("summed in bfloat16", Rounding::naive);
        ways.put("float16 throughout", (x, w, eps) -> stepwise(x, w, eps, DType.F16));
        int layers = model.config().numHiddenLayers();
        Map<String, double[]> errors = new LinkedHashMap<>();
        ways.keySet().forEach(name -> errors.put(name, new double[layers]));
        double[] layer = new double[layers];
        for (int i = 0; i < layers; i++) {
            layer[i] = i;
            BlockWeights w = model.weights().layers().get(i);
            double[] truth = exact(run.input(i), w.inputNorm(), w.rmsNormEps());
            for (Map.Entry<String, Way> way : ways.entrySet()) {
                Tensor got = way.getValue().normed(run.input(i), w.inputNorm(), w.rmsNormEps());
                series(errors, way.getKey())[i] = error(truth, got.toDoubles());
            }
        }
        String title = String.format(
                Locale.ROOT,
                "float32 inside keeps the error at %.2f %%; float16 loses up to %.0f %%",
                max(series(errors, "yours")),
                max(series(errors, "float16 throughout")));
        Plot plot = Charts.plot(title, "layer", "error of the norm, %").logY();
        errors.forEach((name, values) -> plot.series(name, layer, values));
        return plot.picture();
    }

    private static double[] series(Map<String, double[]> errors, String name) {
        double[] values = errors.get(name);
        if (values == null) {
            throw new IllegalStateException("no error was measured for \"" + name + "\"");
        }
        return values;
    }

    /** Each operation rounds its result to the dtype. */
    private static Tensor stepwise(Tensor x, Tensor weight, double eps, DType dtype) {
        Tensor narrow = x.astype(dtype);
        Tensor size = narrow.square().meanKeep(-1).add(eps).rsqrt();
        return narrow.mul(size).mul(weight.astype(dtype));
    }

    /** The squares are added one after the other, and the sum is rounded to bfloat16 each time. */
    private static Tensor naive(Tensor x, Tensor weight, double eps) {
        float[][] rows = x.astype(DType.BF16).toMatrix();
        float[] sizes = new float[rows.length];
        for (int t = 0; t < rows.length; t++) {
            float sum = 0;
            for (float v : rows[t]) {
                sum = bf16(sum + bf16(v * v));
            }
            sizes[t] = bf16((float) (1 / Math.sqrt(sum / rows[t].length + eps)));
        }
        Tensor size = Tensor.of(sizes, sizes.length, 1).astype(DType.BF16);
        return x.astype(DType.BF16).mul(size).mul(weight.astype(DType.BF16));
    }

    /** To the nearest bfloat16, halves to even: the upper 16 bits of a float. */
    static float bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int half = 0x7fff + (bits >>> 16 & 1);
        return Float.isFinite(value) ? Float.intBitsToFloat(bits + half & 0xffff0000) : value;
    }

    private static double[] exact(Tensor x, Tensor weight, double eps) {
        float[][] rows = x.toMatrix();
        float[] w = weight.toFloats();
        double[] out = new double[rows.length * w.length];
        for (int t = 0; t < rows.length; t++) {
            double sum = 0;
            for (float v : rows[t]) {
                sum += (double) v * v;
            }
            double size = 1 / Math.sqrt(sum / w.length + eps);
            for (int c = 0; c < w.length; c++) {
                out[t * w.length + c] = rows[t][c] * size * w[c];
            }
        }
        return out;
    }

    /** Percent of the exact result's length; what is not a number counts as 100. */
    private static double error(double[] truth, double[] got) {
        double apart = 0;
        double size = 0;
        for (int i = 0; i < truth.length; i++) {
            double d = got[i] - truth[i];
            apart += Double.isFinite(d) ? d * d : truth[i] * truth[i];
            size += truth[i] * truth[i];
        }
        return Math.max(LEAST, 100 * Math.sqrt(apart / size));
    }

    private static double max(double[] values) {
        return java.util.Arrays.stream(values).max().orElse(0);
    }
}
