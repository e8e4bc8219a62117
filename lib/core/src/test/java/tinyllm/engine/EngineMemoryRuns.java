package tinyllm.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tinyllm.cache.PageBudget;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.tensor.Memory;
import tinyllm.tensor.TensorMemoryException;

/** Runs an engine in a process of little memory, and prints what it saw as {@code name=value}. */
final class EngineMemoryRuns {
    private EngineMemoryRuns() {}

    public static void main(String[] arguments) {
        CausalLm model = Models.load(arguments[0], KernelSet.OWN, LoadListener.NONE);
        long free = Memory.budget() - Memory.activeBytes();
        switch (arguments[1]) {
            case "share" -> serve(model, PageBudget.share(1.0));
            case "bytes" -> refuse(model, PageBudget.bytes(free - (64 << 10)));
            case "tooMany" -> refuse(model, PageBudget.bytes(2 * free));
            default -> throw new IllegalArgumentException(Path.of(arguments[1]).toString());
        }
    }

    /** As many rows and tokens as one step may have. */
    private static void serve(CausalLm model, PageBudget pages) {
        List<RequestHandle> handles = new ArrayList<>();
        try (Engine engine = Engine.manual(model, EngineOptions.standard().with(pages))) {
            int size = engine.pages().total();
            int longest = Math.min(512, engine.capacity() - 20);
            for (int i = 0; i < 20; i++) {
                int[] prompt = new int[longest];
                java.util.Arrays.fill(prompt, i);
                handles.add(
                        engine.submit(EngineRequest.tokens(prompt).maxTokens(10).ignoreEnd()));
            }
            engine.steps();
            say("failed", handles.stream().filter(h -> h.error() != null).count());
            say("restarts", engine.health().restarts());
            say("pages", size);
        }
    }

    private static void refuse(CausalLm model, PageBudget pages) {
        try (Engine engine = Engine.manual(model, EngineOptions.standard().with(pages))) {
            say("started", engine.capacity());
        } catch (TensorMemoryException e) {
            System.out.println("refused=" + e.getMessage());
            say("left", Memory.activeBytes());
        }
    }

    private static void say(String name, long value) {
        System.out.println(name + "=" + value);
    }
}
