package tinyllm.engine;

import org.jspecify.annotations.Nullable;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.model.CausalLm;
import tinyllm.model.ModelConfig;
import tinyllm.tensor.Memory;
import tinyllm.tensor.TensorMemoryException;

/**
 * What a step takes beside weights and pages. Pages that leave less are refused before the first request, which no step could serve.
 *
 * @param tokens that pass in one step at most
 * @param rows of logits in one step at most
 */
record StepMemory(int tokens, int rows) {

    private static final long VALUE = 4; // bytes, at most

    /** Bytes of the largest step, from above: a layer's rows before and after each operation, and the logits with what chooses from them. */
    long bytes(ModelConfig c) {
        long heads = (long) (2 * c.numAttentionHeads() + 2 * c.numKeyValueHeads()) * c.headDim();
        long layer = 7L * c.hiddenSize() + heads + 3L * c.intermediateSize();
        long logits = 4L * c.vocabSize();
        return VALUE * (tokens * layer + rows * logits);
    }

    /**
     * The budget in bytes, if it is a share: of what weights and two steps leave, since allocations are rounded up.
     *
     * @throws TensorMemoryException when they leave nothing
     */
    PageBudget fixed(PageBudget budget, ModelConfig config) {
        long free = Memory.budget() - Memory.activeBytes() - 2 * bytes(config);
        if (budget.unit() != PageBudget.Unit.SHARE_OF_FREE_MEMORY) {
            return budget;
        }
        if (free <= 0) {
            throw refused(Memory.activeBytes(), "pages would get nothing", config, null);
        }
        return budget.within(free);
    }

    /**
     * Pages that leave room for a step.
     *
     * @throws TensorMemoryException when they don't; none are taken then
     */
    PagedKvMemory pages(CausalLm model, PageBudget budget) {
        long used = Memory.activeBytes();
        PagedKvMemory pages;
        try {
            pages = model.newPages(budget);
        } catch (TensorMemoryException e) {
            throw refused(used, String.valueOf(e.getMessage()), model.config(), e);
        }
        try {
            Memory.require("a step of " + tokens + " tokens", bytes(model.config()));
            return pages;
        } catch (TensorMemoryException e) {
            String taken = "the pages take " + Memory.text(pages.nbytes());
            pages.close();
            throw refused(used, taken, model.config(), e);
        }
    }

    private TensorMemoryException refused(
            long used, String pages, ModelConfig config, @Nullable TensorMemoryException cause) {
        TensorMemoryException refused = new TensorMemoryException("the engine's pages don't fit: of the budget of "
                + Memory.text(Memory.budget()) + ", weights and other tensors take " + Memory.text(used)
                + ", a step of " + tokens + " tokens up to " + Memory.text(bytes(config)) + ", and " + pages
                + ". Ask for fewer pages or a smaller step, or start Java with a larger -Dtinyllm.memoryBudget");
        if (cause != null) {
            refused.initCause(cause);
        }
        return refused;
    }
}
