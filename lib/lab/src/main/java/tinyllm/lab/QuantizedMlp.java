package tinyllm.lab;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tinyllm.arrays.GroupFn;
import tinyllm.arrays.GroupQuantizer;
import tinyllm.arrays.PackedRows;
import tinyllm.arrays.Packing;
import tinyllm.arrays.PackingFn;
import tinyllm.arrays.QuantizedLinearFn;
import tinyllm.model.CausalLm;
import tinyllm.nn.Linear;
import tinyllm.nn.MlpFn;
import tinyllm.nn.Silu;
import tinyllm.tensor.Tensor;

/**
 * The MLP of every layer with weights of 4 bits in groups of 64, computed by a learner's product over plain arrays (chapter 2.2): most
 * of a model's weights. A matrix is quantized when it is first used, and its rows are shared out over the cores. Owns what it packed.
 */
public final class QuantizedMlp implements MlpFn {

    private static final int GROUP = 64;

    private final Supplier<? extends QuantizedLinearFn> product;
    private final Supplier<? extends GroupFn> quantizer;
    private final Supplier<? extends PackingFn> packing;
    private final Map<Linear, List<PackedRows>> packed = Collections.synchronizedMap(new IdentityHashMap<>());

    /** The three makers of a learner's objects; one of each is made for every share of the rows. */
    public QuantizedMlp(
            Supplier<? extends QuantizedLinearFn> product,
            Supplier<? extends GroupFn> quantizer,
            Supplier<? extends PackingFn> packing) {
        this.product = product;
        this.quantizer = quantizer;
        this.packing = packing;
    }

    /** The same with the library's quantizer and packing. */
    public QuantizedMlp(Supplier<? extends QuantizedLinearFn> product) {
        this(product, GroupQuantizer::new, Packing::new);
    }

    @Override
    public Tensor feed(Tensor x, Linear gate, Linear up, Linear down) {
        Tensor inner = new Silu().activate(apply(x, gate)).mul(apply(x, up)); // [..., I]
        return apply(inner, down);
    }

    /** {@code [..., in]} to {@code [..., out]}. */
    private Tensor apply(Tensor x, Linear linear) {
        List<PackedRows> shares = packed.computeIfAbsent(linear, this::pack);
        float[][] rows = x.reshape(-1, x.dim(-1)).toMatrix();
        int outputs = linear.weight().dim(0);
        float[] y = new float[rows.length * outputs];
        for (int i = 0; i < rows.length; i++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the model was interrupted");
            }
            share(rows[i], shares, y, i * outputs);
        }
        int[] shape = x.shape();
        shape[shape.length - 1] = outputs;
        Tensor result = Tensor.of(y, shape);
        return linear.bias() == null ? result : result.add(linear.bias());
    }

    private void share(float[] x, List<PackedRows> shares, float[] y, int at) {
        int most = shares.getFirst().rows();
        IntStream.range(0, shares.size()).parallel().forEach(s -> {
            float[] some = product.get().apply(x, shares.get(s));
            System.arraycopy(some, 0, y, at + s * most, shares.get(s).rows());
        });
    }

    private List<PackedRows> pack(Linear linear) {
        int rows = linear.weight().dim(0);
        int cols = linear.weight().dim(1);
        float[] weights = linear.weight().toFloats();
        int cores = Runtime.getRuntime().availableProcessors();
        int most = (rows + cores - 1) / cores;
        return IntStream.range(0, (rows + most - 1) / most)
                .parallel()
                .mapToObj(s -> {
                    int to = Math.min(rows, (s + 1) * most);
                    float[] some = java.util.Arrays.copyOfRange(weights, s * most * cols, to * cols);
                    return PackedRows.of(some, to - s * most, cols, GROUP, quantizer.get(), packing.get());
                })
                .toList();
    }

    /** The MLPs' share of a model's weights, and how many bytes they take, as a sentence. */
    public static String sizes(CausalLm model) {
        long mlp = model.weights().layers().stream()
                .flatMap(b -> List.of(b.gateProj(), b.upProj(), b.downProj()).stream())
                .mapToLong(l -> l.weight().size())
                .sum();
        long all = model.weightBytes() / Float.BYTES;
        return String.format(
                java.util.Locale.ROOT,
                "The MLPs hold %,.0f of %,.0f million weights: %,.0f MB as float32, %,.0f MB in 4 bits with scales and biases of"
                        + " 16 bits",
                mlp / 1e6,
                all / 1e6,
                mlp * 4 / 1e6,
                mlp * (.5 + 4.0 / GROUP) / 1e6);
    }
}
