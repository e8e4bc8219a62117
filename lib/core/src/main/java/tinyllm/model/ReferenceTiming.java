package tinyllm.model;

import static tinyllm.model.ModelOperation.ATTENTION;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tinyllm.model.ModelOperation.Matrix;
import tinyllm.nn.AttentionLayerFn;
import tinyllm.nn.BlockFn;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.Linear;
import tinyllm.nn.MlpFn;
import tinyllm.nn.NormFn;
import tinyllm.nn.Parts;
import tinyllm.nn.RopeFn;
import tinyllm.profile.OperationTimer;
import tinyllm.tensor.Tensor;

/** Week 1's parts with a stopwatch around each, whoever wrote them. A layer's projections are what its attention takes beside its parts. */
final class ReferenceTiming {

    private static final String PROJECTIONS = "q, k, v, attention out";
    private static final String MLP = "MLP";

    private final OperationTimer timer;
    private int layer = -1;

    ReferenceTiming(OperationTimer timer) {
        this.timer = timer;
    }

    Parts around(Parts parts) {
        BlockFn block = parts.block();
        NormFn norm = parts.norm();
        RopeFn rope = parts.rope();
        GroupedAttentionFn grouped = parts.grouped();
        AttentionLayerFn attention = parts.attentionLayer();
        MlpFn mlp = parts.mlp();
        return parts.with((NormFn)
                        (x, weight, eps) -> timer.time("norms", layer, () -> norm.normalize(x, weight, eps), x))
                .with((RopeFn) (x, offset, theta, traditional) ->
                        timer.time("rotary", layer, () -> rope.rotate(x, offset, theta, traditional), x))
                .with((GroupedAttentionFn) (q, k, v, mask, scale) ->
                        timer.time(ATTENTION, layer, () -> grouped.attend(q, k, v, mask, scale), q, k, v))
                .with((AttentionLayerFn) (x, w, mask, offset, inside) ->
                        timer.time(PROJECTIONS, layer, () -> attention.apply(x, w, mask, offset, inside), x))
                .with((MlpFn) (x, gate, up, down) -> timer.time(MLP, layer, () -> mlp.feed(x, gate, up, down), x))
                .with((BlockFn) (x, w, mask, offset, inside) -> {
                    layer = w.index();
                    Tensor out = timer.time("sums", layer, () -> block.apply(x, w, mask, offset, inside), x);
                    layer = -1;
                    return out;
                });
    }

    static List<ModelOperation> operations(DecoderWeights weights) {
        List<Matrix> projections = new ArrayList<>();
        List<Matrix> mlp = new ArrayList<>();
        for (BlockWeights block : weights.layers()) {
            var a = block.attention();
            projections.addAll(of(a.qProj(), a.kProj(), a.vProj(), a.oProj()));
            mlp.addAll(of(block.gateProj(), block.upProj(), block.downProj()));
        }
        return List.of(
                new ModelOperation(PROJECTIONS, projections),
                ModelOperation.of(ATTENTION),
                new ModelOperation(MLP, mlp),
                new ModelOperation(ModelOperation.OUTPUT, of(new Linear(weights.outputTable(), null))));
    }

    private static List<Matrix> of(Linear... linears) {
        return Arrays.stream(linears)
                .map(Linear::weight)
                .map(w -> new Matrix(w.dim(1), w.dim(0), w.nbytes()))
                .toList();
    }
}
