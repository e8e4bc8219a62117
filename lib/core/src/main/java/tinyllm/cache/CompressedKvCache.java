package tinyllm.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * A cache that forgets on purpose (chapter 4.1): of each KV head it keeps the first tokens, which serve as attention sinks, those that
 * received most attention, and the last ones. A token keeps the position that it had. What a step brings is seen whole, and forgotten
 * when the step ends; so chunks of different sizes forget differently.
 */
public final class CompressedKvCache implements KvCache {

    /** One layer: keys and values of what is kept, and for each KV head the tokens' positions and the attention they received. */
    private static final class Layer {
        @Nullable
        KeysValues all;

        int[][] positions = {};
        double[][] received = {};
    }

    private final List<Layer> layers = new ArrayList<>();
    private final KeepFn choice;
    private final int maxTokens;
    private final int sinks;
    private final int heavy;
    private final int recent;
    private int length;
    private int kept;
    private boolean closed;

    /**
     * @param sinks the first tokens, kept for good; 0 or more
     * @param heavy of the others, how many that received most attention; 0 or more. It makes a model compute the weights for it
     * @param recent the last tokens, 1 or more
     */
    public CompressedKvCache(int layers, int maxTokens, int sinks, int heavy, int recent) {
        this(new HeavyHitters(), layers, maxTokens, sinks, heavy, recent);
    }

    /** The same with a choice of one's own, the learner's for instance. */
    public CompressedKvCache(KeepFn choice, int layers, int maxTokens, int sinks, int heavy, int recent) {
        if (layers < 1 || maxTokens < 1) {
            throw new IllegalArgumentException(
                    "a cache of " + layers + " layers and " + maxTokens + " tokens holds nothing");
        }
        if (sinks < 0 || heavy < 0 || recent < 1) {
            throw new IllegalArgumentException("a cache can't keep " + sinks + " first, " + heavy + " heavy and "
                    + recent + " last tokens: the last are 1 or more, the others 0 or more");
        }
        for (int i = 0; i < layers; i++) {
            this.layers.add(new Layer());
        }
        this.choice = choice;
        this.maxTokens = maxTokens;
        this.sinks = sinks;
        this.heavy = heavy;
        this.recent = recent;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int kept() {
        return kept;
    }

    /** Most tokens that are kept between two steps. */
    public int budget() {
        return Math.addExact(Math.addExact(sinks, heavy), recent);
    }

    /** The positions that a KV head of a layer keeps, in order. */
    public int[] positions(int layer, int kvHead) {
        int[][] heads = layer(layer).positions;
        return heads.length == 0 ? new int[0] : Arrays.copyOf(heads[Objects.checkIndex(kvHead, heads.length)], kept);
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    @Override
    public void reserve(int tokens) {
        Room.open(closed);
        Room.check(tokens, length, maxTokens);
    }

    private Layer layer(int index) {
        return layers.get(Objects.checkIndex(index, layers.size()));
    }

    @Override
    public KeysValues append(int layer, KeysValues step) {
        Layer at = layer(layer);
        int heads = step.keys().dim(1);
        int tokens = step.keys().dim(2);
        KeysValues past = at.all;
        KeysValues all = past == null || kept == 0
                ? step
                : new KeysValues(joined(past.keys(), step.keys()), joined(past.values(), step.values()));
        Scope.escape(all.keys().eval());
        Scope.escape(all.values().eval());
        at.all = all;
        at.positions = at.positions.length == 0 ? new int[heads][0] : at.positions;
        at.received = at.received.length == 0 ? new double[heads][0] : at.received;
        for (int h = 0; h < heads; h++) {
            at.positions[h] = Arrays.copyOf(at.positions[h], kept + tokens);
            at.received[h] = Arrays.copyOf(Arrays.copyOf(at.received[h], kept), kept + tokens);
            for (int i = 0; i < tokens; i++) {
                at.positions[h][kept + i] = length + i;
            }
        }
        return all;
    }

    private Tensor joined(Tensor past, Tensor step) {
        return Tensor.concat(2, past.slice(2, 0, kept), step);
    }

    @Override
    public boolean wantsWeights() {
        return heavy > 0;
    }

    @Override
    public void attended(int layer, Tensor weights) {
        double[][] received = layer(layer).received;
        int heads = received.length;
        int queries = weights.dim(1) / heads * weights.dim(2);
        float[] sums = weights.reshape(heads, queries, weights.dim(3)).sum(1).toFloats(); // [H_kv, kept + L]
        int keys = weights.dim(3);
        for (int h = 0; h < heads; h++) {
            for (int i = 0; i < keys; i++) {
                received[h][i] += sums[h * keys + i];
            }
        }
    }

    @Override
    public void advance(int tokens) {
        Room.checkAdvance(tokens, length, maxTokens);
        length += tokens;
        kept += tokens;
        if (kept > budget()) {
            layers.forEach(this::forget);
            kept = budget();
        }
    }

    private void forget(Layer layer) {
        KeysValues all = Objects.requireNonNull(layer.all, "no step was appended in some layer");
        int heads = layer.positions.length;
        int dim = all.keys().dim(3);
        int[] chosen = new int[heads * budget()];
        for (int h = 0; h < heads; h++) {
            int[] stay = stay(layer.received[h]);
            System.arraycopy(stay, 0, chosen, h * stay.length, stay.length);
            int[] positions = layer.positions[h];
            double[] received = layer.received[h];
            layer.positions[h] = Arrays.stream(stay).map(i -> positions[i]).toArray();
            layer.received[h] =
                    Arrays.stream(stay).mapToDouble(i -> received[i]).toArray();
        }
        try (Scope scope = Scope.open()) {
            Tensor rows = Tensor.of(chosen, 1, heads, budget(), 1).broadcastTo(1, heads, budget(), dim);
            Tensor keys = all.keys().takeAlongAxis(rows, 2).eval();
            Tensor values = all.values().takeAlongAxis(rows, 2).eval();
            layer.all = new KeysValues(Scope.escape(keys), Scope.escape(values));
        }
    }

    /** @throws IllegalStateException when a learner's choice can't be kept: a wrong number, not rising, or beyond what is there */
    private int[] stay(double[] received) {
        int[] stay = choice.keep(received.clone(), sinks, heavy, recent);
        boolean rising = stay.length == budget();
        for (int i = 0; rising && i < stay.length; i++) {
            rising = stay[i] > (i == 0 ? -1 : stay[i - 1]) && stay[i] < kept;
        }
        if (!rising) {
            throw new IllegalStateException("of " + kept + " tokens " + budget()
                    + " may stay, as rising places; chosen were " + Arrays.toString(stay));
        }
        return stay;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException when some of the tokens before them are forgotten: the text can't go on from there
     */
    @Override
    public void rewind(int tokens) {
        Room.checkRewind(tokens, length);
        for (Layer layer : layers) {
            for (int[] positions : layer.positions) {
                if (tokens > kept || (tokens > 0 && positions[kept - tokens] != length - tokens)) {
                    throw new IllegalStateException("the cache has forgotten some of its last " + tokens
                            + " tokens already, and can't go back behind them");
                }
            }
        }
        length -= tokens;
        kept -= tokens;
    }

    @Override
    public long nbytes() {
        return layers.stream()
                .mapToLong(layer -> layer.all == null
                        ? 0
                        : layer.all.keys().nbytes() + layer.all.values().nbytes())
                .sum();
    }

    @Override
    public void close() {
        closed = true;
        layers.forEach(layer -> layer.all = null);
    }
}
