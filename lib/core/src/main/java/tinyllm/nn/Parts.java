package tinyllm.nn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The pieces that a model computes with: the learner's where there is one, the library's for the rest. Immutable. A library piece is
 * built on the pieces below it, so that a learner's softmax is heard through the library's attention.
 */
public final class Parts {

    private static final List<Class<? extends Part>> KINDS = List.of(
            SoftmaxFn.class,
            AttentionFn.class,
            RopeFn.class,
            GroupedAttentionFn.class,
            MaskFn.class,
            NormFn.class,
            ActivationFn.class,
            MlpFn.class,
            EmbeddingFn.class,
            AttentionLayerFn.class,
            BlockFn.class,
            DecoderFn.class);

    private static final Parts LIBRARY = new Parts(Map.of());

    private final Map<Class<? extends Part>, Part> own;

    private Parts(Map<Class<? extends Part>, Part> own) {
        this.own = own;
    }

    /** Nothing but the library's. */
    public static Parts library() {
        return LIBRARY;
    }

    /**
     * These parts with one replaced; a class that implements several interfaces replaces them all.
     *
     * @throws IllegalArgumentException when a model has no place for such a part
     */
    public Parts with(Part part) {
        Map<Class<? extends Part>, Part> more = new HashMap<>(own);
        List<Class<? extends Part>> kinds =
                KINDS.stream().filter(kind -> kind.isInstance(part)).toList();
        if (kinds.isEmpty()) {
            throw new IllegalArgumentException(part.getClass().getSimpleName()
                    + " is not a part that a model computes with; these are: "
                    + String.join(", ", KINDS.stream().map(Class::getSimpleName).toList()));
        }
        kinds.forEach(kind -> more.put(kind, part));
        return new Parts(Map.copyOf(more));
    }

    /** Whether a model computes with parts of this interface. */
    public static boolean hasPlaceFor(Class<?> contract) {
        return KINDS.contains(contract);
    }

    /** One sentence each: which interface is whose. */
    public List<String> owners() {
        List<String> lines = new ArrayList<>();
        for (Class<? extends Part> kind : KINDS) {
            Part part = own.get(kind);
            if (part != null) {
                lines.add(kind.getSimpleName() + ": " + part.getClass().getSimpleName());
            }
        }
        return lines;
    }

    private <T extends Part> T pick(Class<T> kind, T library) {
        return Objects.requireNonNullElse(kind.cast(own.get(kind)), library);
    }

    public SoftmaxFn softmax() {
        return pick(SoftmaxFn.class, new Softmax());
    }

    public AttentionFn attention() {
        return pick(AttentionFn.class, new ScaledDotProductAttention(softmax()));
    }

    public RopeFn rope() {
        return pick(RopeFn.class, new Rope());
    }

    public GroupedAttentionFn grouped() {
        return pick(GroupedAttentionFn.class, new GroupedQueryAttention(attention()));
    }

    public MaskFn mask() {
        return pick(MaskFn.class, new Masks());
    }

    public NormFn norm() {
        return pick(NormFn.class, new RmsNorm());
    }

    public ActivationFn activation() {
        return pick(ActivationFn.class, new Silu());
    }

    public MlpFn mlp() {
        return pick(MlpFn.class, new SwiGlu(activation()));
    }

    public EmbeddingFn embedding() {
        return pick(EmbeddingFn.class, new Embedding());
    }

    public AttentionLayerFn attentionLayer() {
        return pick(AttentionLayerFn.class, new Attention());
    }

    public BlockFn block() {
        return pick(BlockFn.class, new TransformerBlock());
    }

    public DecoderFn decoder() {
        return pick(DecoderFn.class, new Decoder());
    }
}
