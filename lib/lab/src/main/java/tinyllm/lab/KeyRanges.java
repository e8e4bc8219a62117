package tinyllm.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.model.ModelConfig;
import tinyllm.nn.Rope;
import tinyllm.tensor.Tensor;

/**
 * How large the components of one head's keys are: as attention reads them, with the projection's bias and rotated, and as this lab's
 * pages store them, before both (chapter 4.1). A group's largest and smallest component decide how far apart its codes are.
 */
public final class KeyRanges {

    private static final int CODES = 255;
    private static final double SMALLEST = 1e-3; // nothing smaller is drawn on the logarithmic axis

    private KeyRanges() {}

    /**
     * The largest size of each component over a text's tokens, and the steps between codes of 8 bits.
     *
     * @param head a KV head of the layer
     */
    public static Picture of(CausalLm model, String text, int layer, int head) {
        ModelConfig config = model.config();
        Objects.checkIndex(layer, config.numHiddenLayers());
        Objects.checkIndex(head, config.numKeyValueHeads());
        int[] tokens = model.tokenizer().encode(text);
        Tensor keys = Objects.requireNonNull(model.trace(tokens, List.of(layer), List.of("self_attn.k_proj"))
                .get("layers." + layer + ".self_attn.k_proj")); // [H_kv, L, D]
        Tensor rotated = new Rope().rotate(keys, 0, config.ropeTheta(), config.ropeTraditional());
        float[][] read = rotated.at(head).toMatrix();
        float[][] stored = withoutBias(model, keys.at(head), layer, head).toMatrix();
        String title = String.format(
                Locale.ROOT,
                "Layer %d, head %d: steps of 8 bits are %.2g, before the bias %.2g",
                layer,
                head,
                step(read),
                step(stored));
        return Charts.plot(title, "component of the key", "largest size in the text")
                .series("as attention reads it", largest(read))
                .series("before bias and rotation", largest(stored))
                .logY()
                .picture();
    }

    private static Tensor withoutBias(CausalLm model, Tensor keys, int layer, int head) {
        @Nullable
        Tensor bias = model.weights().layers().get(layer).attention().kProj().bias();
        int dim = keys.dim(1);
        return bias == null ? keys : keys.sub(bias.slice(0, head * dim, (head + 1) * dim));
    }

    /** The mean over the tokens of what lies between two codes, when all components of a token share a scale. */
    private static double step(float[][] keys) {
        return Arrays.stream(keys).mapToDouble(KeyRanges::range).average().orElseThrow() / CODES;
    }

    private static double range(float[] key) {
        float low = Float.POSITIVE_INFINITY;
        float high = Float.NEGATIVE_INFINITY;
        for (float x : key) {
            low = Math.min(low, x);
            high = Math.max(high, x);
        }
        return high - low;
    }

    private static double[] largest(float[][] keys) {
        double[] sizes = new double[keys[0].length];
        Arrays.fill(sizes, SMALLEST);
        for (float[] key : keys) {
            for (int i = 0; i < sizes.length; i++) {
                sizes[i] = Math.max(sizes[i], Math.abs(key[i]));
            }
        }
        return sizes;
    }
}
