package tinyllm.model;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tinyllm.nn.Part;
import tinyllm.tensor.Tensor;
import tinyllm.text.ChatTemplate;
import tinyllm.text.Tokenizer;

/** CONTRACT STUB. A decoder-only language model: weights, configuration, tokenizer, and the parts that compute. Immutable. */
public final class CausalLm implements AutoCloseable {
    private CausalLm() {}

    private static <T> T stub() {
        throw new UnsupportedOperationException("stub");
    }

    public String name() {
        return stub();
    }

    public ModelConfig config() {
        return stub();
    }

    public Tokenizer tokenizer() {
        return stub();
    }

    public ChatTemplate chatTemplate() {
        return stub();
    }
    /** Bytes of weights held. */
    public long weightBytes() {
        return stub();
    }
    /** [L] ids -> [L, V] logits in float32, no cache. Ids are range-checked. */
    public Tensor logits(int[] tokens) {
        return stub();
    }
    /** [L] ids -> [V] logits after the last one. */
    public Tensor lastLogits(int[] tokens) {
        return stub();
    }
    /** The same weights with one part replaced by the learner's. Cheap: weights are shared. */
    public CausalLm with(Supplier<? extends Part> part) {
        return stub();
    }
    /** Tensors of one run under the checkpoint's names, e.g. "layers.3.self_attn.weights" -> [H, L, S]. */
    public Map<String, Tensor> trace(int[] tokens, List<Integer> layers, List<String> names) {
        return stub();
    }
    /** Ids that end a generation. */
    public java.util.Set<Integer> eosIds() {
        return stub();
    }

    @Override
    public void close() {}
}
