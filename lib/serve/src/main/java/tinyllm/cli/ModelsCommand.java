package tinyllm.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;
import tinyllm.weights.RegisteredModel;

/** The registry. */
@Command(
        name = "models",
        description = "The models that have names: size, licence, the memory that each needs, here or not.",
        subcommands = ModelsFetchCommand.class)
final class ModelsCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    ModelsCommand() {}

    @Override
    public Integer call() {
        List<Row> rows = new ArrayList<>();
        for (RegisteredModel model : ModelRegistry.standard().models().values()) {
            rows.add(new Row(model, ModelFiles.find(model)));
        }
        output.result(Map.of("models", rows.stream().map(Row::json).toList()), out -> table(out, rows));
        return 0;
    }

    private record Row(RegisteredModel model, @Nullable Path here) {

        Map<String, Object> json() {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("name", model.name());
            json.put("title", model.title());
            json.put("format", model.format().name().toLowerCase(Locale.ROOT));
            json.put("size_bytes", model.approxBytes());
            json.put("parameters", model.parameters());
            json.put("licence", model.licence());
            json.put("source", model.repo());
            json.put("memory_bytes", model.memoryBytes());
            json.put("fits", model.fitsHere());
            json.put("path", here == null ? null : here.toString());
            return json;
        }
    }

    private static void table(PrintWriter out, List<Row> rows) {
        int width = rows.stream().mapToInt(r -> r.model().name().length()).max().orElse(0);
        int licence =
                rows.stream().mapToInt(r -> r.model().licence().length()).max().orElse(0);
        String line = "%-" + width + "s  %8s  %8s  %-4s  %-4s  %-" + licence + "s  %s%n";
        out.printf(line, "name", "download", "memory", "fits", "here", "licence", "source");
        for (Row row : rows) {
            RegisteredModel m = row.model();
            out.printf(
                    line,
                    m.name(),
                    Bytes.text(m.approxBytes()),
                    Bytes.text(m.memoryBytes()),
                    m.fitsHere() ? "yes" : "no",
                    row.here() == null ? "no" : "yes",
                    m.licence(),
                    m.repo());
        }
        out.println("./lab models fetch NAME gets one; memory is what week 1's float32 path needs.");
    }
}
