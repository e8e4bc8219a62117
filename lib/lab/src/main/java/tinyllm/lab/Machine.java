package tinyllm.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tech.tablesaw.api.Table;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Device;
import tinyllm.tensor.Memory;

/** What this machine is and can, and where a learner's work lies (chapter 0). */
public final class Machine {

    private Machine() {}

    /** One line of a report. */
    public record Fact(String what, String value) {}

    /** Machine, device, memory and the default model; waits until the model is loaded. */
    public static Table report() {
        Runtime java = Runtime.getRuntime();
        CausalLm model = Lab.model();
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact("system", System.getProperty("os.name") + ", " + System.getProperty("os.arch")));
        facts.add(new Fact("Java", Runtime.version().toString()));
        facts.add(new Fact("cores", Integer.toString(java.availableProcessors())));
        facts.add(new Fact("device of the tensors", device()));
        facts.add(new Fact("memory that tensors may take", gb(Memory.budget())));
        facts.add(new Fact("memory that tensors take now", gb(Memory.activeBytes())));
        facts.add(new Fact("model", model.name() + ", " + model.config().numHiddenLayers() + " layers"));
        facts.add(new Fact("its weights in memory, float32", gb(model.weightBytes())));
        facts.add(new Fact("of these it reads for each token", gb(Ceilings.bytesPerToken(model))));
        facts.add(new Fact("matrix product", String.format(Locale.ROOT, "%.0f GFLOP/s", Ceilings.matmulGflops())));
        facts.add(new Fact("reading memory", String.format(Locale.ROOT, "%.1f GB/s", Ceilings.memoryGbs())));
        return Tables.of(facts);
    }

    /** Which folder holds what a learner does. */
    public static Table places() {
        Workplace place = Workplace.current();
        return Tables.of(List.of(
                new Fact("the chapters that you edit (copies, yours alone)", shown(place, place.mine())),
                new Fact("your progress", shown(place, place.progress())),
                new Fact(
                        "the source of each exercise that you solved",
                        shown(place, place.mine().resolve("src"))),
                new Fact("the chapters as they came (leave them)", "notebooks/"),
                new Fact("the same, solved", "notebooks/solved/"),
                new Fact("models, caches, logs", "~/.cache/tinyllm, or TINYLLM_HOME")));
    }

    /** Inside the clone from its root; elsewhere by the variable that says where, so that no one's home is shown. */
    private static String shown(Workplace place, Path path) {
        return place.root()
                .map(root -> root.toAbsolutePath().normalize())
                .filter(path.toAbsolutePath().normalize()::startsWith)
                .map(root -> root.relativize(path.toAbsolutePath().normalize()).toString())
                .orElseGet(() -> path.equals(place.mine())
                        ? "TINYLLM_NOTEBOOKS"
                        : "TINYLLM_NOTEBOOKS/" + place.mine().relativize(path));
    }

    private static String device() {
        return switch (Device.current()) {
            case CPU -> "CPU";
            case METAL -> "Apple GPU (Metal)";
            case CUDA -> "NVIDIA GPU (CUDA)";
        };
    }

    private static String gb(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }
}
