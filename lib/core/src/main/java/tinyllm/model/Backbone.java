package tinyllm.model;

import java.util.List;
import java.util.Map;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.kernel.KernelSet;
import tinyllm.nn.Parts;
import tinyllm.profile.OperationTimer;
import tinyllm.tensor.Tensor;

/** The layers of a loaded decoder on one set of kernels, as {@link CausalLm} drives them. Immutable. */
interface Backbone {

    KernelSet kernels();

    /** Which variant each operation runs as: "matmul", "attention", …. */
    Map<String, String> variants();

    /** Bytes of weights held; every copy counts. */
    long weightBytes();

    /** true when a text is decoded with a cache unless somebody says otherwise. */
    boolean remembers();

    KvCache newCache(int maxTokens);

    /** Pages for many sequences. */
    PagedKvMemory newPages(PageBudget budget);

    /** The same layers, each operation with a stopwatch around it. */
    Backbone timed(OperationTimer timer);

    /** The kinds of operations that a stopwatch sees and that have weights or keys to read, over all layers. */
    List<ModelOperation> operations();

    /**
     * Embedding and every block for the tokens of some sequences, whose caches have room and advance. When it fails, some may have
     * advanced.
     *
     * @return {@code [1, R, E]}, computed: the chunks' rows one after another
     */
    Tensor hidden(List<Chunk> chunks, Parts parts);

    /**
     * Final norm and output layer, if they are not part of {@link #hidden}.
     *
     * @param hidden {@code [1, L, E]}
     * @return {@code [1, L, V]}
     */
    Tensor head(Tensor hidden, Parts parts);
}
