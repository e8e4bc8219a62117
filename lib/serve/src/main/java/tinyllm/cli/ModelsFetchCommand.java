package tinyllm.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;

/** Gets a model of the registry. */
@Command(
        name = "fetch",
        description =
                "Get a model, unless it is here: goes on with a download that was stopped, and verifies the bytes.")
final class ModelsFetchCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Parameters(paramLabel = "NAME", description = "a name of ./lab models")
    private String name;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    ModelsFetchCommand() {}

    @Override
    public Integer call() {
        String known = ModelRegistry.standard().get(name).name();
        Path path;
        try (DownloadProgress progress = new DownloadProgress(output)) {
            path = ModelFiles.fetch(known, progress);
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", known);
        json.put("path", path.toString());
        output.result(json, out -> out.println(path));
        return 0;
    }
}
