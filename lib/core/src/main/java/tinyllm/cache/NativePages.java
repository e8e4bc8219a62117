package tinyllm.cache;

import java.util.List;
import tinyllm.kernel.BlockTables;
import tinyllm.kernel.PageForm;
import tinyllm.kernel.PageMemory;
import tinyllm.tensor.Tensor;

/** Pages in one native allocation, which this lab's CPU kernels read and write in place. */
final class NativePages implements PageStore {
    private final PageMemory memory;
    private boolean poisoning;

    NativePages(PageMemory memory) {
        this.memory = memory;
    }

    @Override
    public PageForm form() {
        return memory.form();
    }

    @Override
    public KeysValues append(int layer, int[] pages, int position, KeysValues step) {
        int tokens = step.keys().dim(2);
        BlockTables tables = new BlockTables(memory, List.of(new BlockTables.Entry(pages, position, tokens)));
        memory.write(layer, tables, step.keys(), step.values());
        Tensor[] all = memory.read(layer, tables, position + tokens);
        return new KeysValues(all[0], all[1]);
    }

    @Override
    public void copy(int from, int to) {
        memory.copy(from, to);
    }

    @Override
    public void freed(int page) {
        if (poisoning && memory.nbytes() > 0) {
            memory.poison(page);
        }
    }

    @Override
    public void poison(int page) {
        poisoning = true;
        memory.poison(page);
    }

    @Override
    public long nbytes() {
        return memory.nbytes();
    }

    @Override
    public PageMemory memory() {
        return memory;
    }

    @Override
    public void close() {
        memory.close();
    }
}
