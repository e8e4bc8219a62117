package tinyllm.model;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.nn.ActivationFn;
import tinyllm.nn.AttentionLayerFn;
import tinyllm.nn.AttentionWeights;
import tinyllm.nn.BlockFn;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Heads;
import tinyllm.nn.Linear;
import tinyllm.nn.MlpFn;
import tinyllm.nn.Parts;
import tinyllm.nn.ScaledDotProductAttention;
import tinyllm.tensor.Tensor;

/** One run with every part wrapped, so that what the learner's code computes is what is kept. */
final class Trace {

    /** What a layer hands on; enough to find where numbers went wrong. */
    static final List<String> OUTPUTS = List.of("input", "self_attn.out", "mlp.out", "residual");

    private final DecoderWeights weights;
    private final Parts parts;
    private final List<Integer> layers;
    private final List<String> names;
    private final Map<String, Values> kept = new LinkedHashMap<>();
    private int layer;

    Trace(DecoderWeights weights, Parts parts, List<Integer> layers, List<String> names) {
        this.weights = weights;
        this.parts = parts;
        this.layers = layers;
        this.names = names;
    }

    Map<String, Tensor> run(int[] tokens) {
        Parts watched = parts.with((BlockFn) this::block);
        Tensor hidden = parts.decoder().hidden(tokens, weights, watched);
        keepGlobal("norm", () -> hidden);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        kept.forEach((name, values) -> tensors.put(name, Tensor.of(values.floats(), values.shape())));
        return tensors;
    }

    /** Kept as Java values during the run, since the scope of a layer frees its tensors. */
    private record Values(float[] floats, int[] shape) {}

    private Tensor block(Tensor x, BlockWeights w, @Nullable Tensor mask, int offset, Parts ignored) {
        layer = w.index();
        if (layer == 0) {
            keepGlobal("embed", () -> x);
        }
        if (!layers.isEmpty() && !layers.contains(layer)) {
            return parts.block().apply(x, w, mask, offset, parts);
        }
        keep("input", () -> x);
        Parts inside = parts.with((AttentionLayerFn) this::attention).with(watchedMlp());
        Tensor out = parts.block().apply(x, w, mask, offset, inside);
        keep("residual", () -> out);
        return out;
    }

    private Tensor attention(Tensor x, AttentionWeights w, @Nullable Tensor mask, int offset, Parts ignored) {
        keep("self_attn.q_proj", () -> Heads.split(w.qProj().apply(x), w.numHeads()));
        keep("self_attn.k_proj", () -> Heads.split(w.kProj().apply(x), w.numKvHeads()));
        keep("self_attn.v_proj", () -> Heads.split(w.vProj().apply(x), w.numKvHeads()));
        GroupedAttentionFn watched = (q, k, v, m, scale) -> {
            keep("self_attn.scores", () -> scores(q, k, m, scale));
            keep("self_attn.weights", () -> GroupedQueryAttention.weights(parts.attention(), q, k, m, scale));
            return parts.grouped().attend(q, k, v, m, scale);
        };
        Tensor out = parts.attentionLayer().apply(x, w, mask, offset, parts.with(watched));
        keep("self_attn.out", () -> out);
        return out;
    }

    private static Tensor scores(Tensor q, Tensor k, @Nullable Tensor mask, double scale) {
        int kvHeads = k.dim(1);
        Tensor grouped = q.reshape(q.dim(0), kvHeads, q.dim(1) / kvHeads, q.dim(2), q.dim(3));
        Tensor scores = ScaledDotProductAttention.scores(grouped, k.expandDims(2), null, scale)
                .reshape(q.dim(0), q.dim(1), q.dim(2), k.dim(2));
        return mask == null ? scores : scores.add(mask);
    }

    private MlpFn watchedMlp() {
        return (x, gate, up, down) -> {
            keep("mlp.gate", () -> gate.apply(x));
            keep("mlp.act", () -> activation(x, gate, up));
            Tensor out = parts.mlp().feed(x, gate, up, down);
            keep("mlp.out", () -> out);
            return out;
        };
    }

    private Tensor activation(Tensor x, Linear gate, Linear up) {
        ActivationFn act = parts.activation();
        return act.activate(gate.apply(x)).mul(up.apply(x));
    }

    private void keep(String name, Supplier<Tensor> value) {
        if (names.isEmpty() || names.contains(name)) {
            put("layers." + layer + "." + name, value.get());
        }
    }

    private void keepGlobal(String name, Supplier<Tensor> value) {
        if (names.isEmpty() || names.contains(name)) {
            put(name, value.get());
        }
    }

    private void put(String name, Tensor value) {
        int[] shape = value.shape();
        boolean batched = shape.length > 1 && shape[0] == 1;
        kept.put(name, new Values(value.toFloats(), batched ? Arrays.copyOfRange(shape, 1, shape.length) : shape));
    }
}
