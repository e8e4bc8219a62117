package tinyllm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tech.tablesaw.api.Row;
import tech.tablesaw.api.Table;
import tinyllm.lab.race.Race;
import tinyllm.lab.race.Racer;
import tinyllm.lab.view.Film;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;

/** Two models answer the same prompts; the README's first picture comes from here. */
@Command(
        name = "race",
        description =
                "Let two models answer the same prompts, each alone on this machine, and film them side by side on one clock.")
final class FilmRaceCommand implements Callable<Integer> {

    private static final int MOST_TOKENS = 512;

    @Mixin
    private OutputOptions output;

    @Option(
            names = "--models",
            split = ",",
            paramLabel = "A,B",
            defaultValue = "smollm2-135m,qwen2.5-coder-0.5b",
            description = "who races: names of ./lab models, files or folders (default: ${DEFAULT-VALUE})")
    private List<String> models;

    @Option(
            names = "--prompt",
            paramLabel = "P",
            description = "what both answer; give it again for more prompts (default: a story is asked for)")
    private List<String> prompts = List.of("Tell me a short story about a cat who writes Java.");

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "32",
            description = "of each answer (default: ${DEFAULT-VALUE})")
    private int maxTokens;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "the GIF; the PNG stands beside it (default: target/race.gif in the clone)")
    private @Nullable String out;

    @Option(names = "--threads", paramLabel = "N", description = "threads that compute (default: all cores)")
    private @Nullable Integer threads;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    FilmRaceCommand() {}

    @Override
    public Integer call() {
        check();
        Path gif = gif();
        if (threads != null) {
            Threads.use(threads);
        }
        CausalLm a = load(models.getFirst());
        CausalLm b = models.getFirst().equals(models.getLast()) ? a : load(models.getLast());
        output.note("racing; the film is made when both are done");
        Race race = Race.quietly(racer(a, 1), racer(b, 2), prompts, maxTokens);
        Film film = race.film();
        Path png = png(gif);
        write(gif, film.gif());
        write(png, film.png());
        output.result(json(race.table(), film, gif, png), out -> {
            out.println(race.table().print());
            out.println(film.text());
            out.println(gif + " (" + Bytes.text(film.gif().length) + "), " + png);
        });
        return 0;
    }

    private void check() {
        if (models.size() != 2 || models.stream().anyMatch(String::isBlank)) {
            throw CommandException.wrongUsage("--models takes two models, A,B, not " + models.size());
        }
        if (prompts.size() > Race.MAX_PROMPTS) {
            throw CommandException.wrongUsage(
                    "--prompt may be given " + Race.MAX_PROMPTS + " times, not " + prompts.size());
        }
        if (prompts.stream().anyMatch(String::isBlank)) {
            throw CommandException.wrongUsage("--prompt is empty: write what the models should answer");
        }
        if (maxTokens < 1 || maxTokens > MOST_TOKENS) {
            throw CommandException.wrongUsage("--max-tokens must be in 1…" + MOST_TOKENS + ", but is " + maxTokens);
        }
    }

    private Path gif() {
        try {
            String root = System.getenv("TINYLLM_ROOT");
            Path path = out == null ? Path.of(root == null ? "." : root, "target", "race.gif") : Path.of(out);
            if (!path.getFileName().toString().endsWith(".gif")) {
                throw CommandException.wrongUsage("--out is the name of a GIF, such as race.gif, not " + out);
            }
            return path;
        } catch (InvalidPathException e) {
            throw CommandException.wrongUsage("--out is no file name: " + e.getMessage());
        }
    }

    private static Path png(Path gif) {
        String name = gif.getFileName().toString();
        return gif.resolveSibling(name.substring(0, name.length() - ".gif".length()) + ".png");
    }

    private CausalLm load(String model) {
        return ModelOptions.reading(model, () -> Models.load(model, new LoadProgress(output)));
    }

    /** The same model twice races under two names. */
    private Racer racer(CausalLm model, int number) {
        boolean twice = models.getFirst().equals(models.getLast());
        return Racer.of(twice ? model.name() + " (" + number + ")" : model.name(), model);
    }

    private static void write(Path path, byte[] bytes) {
        try {
            if (path.getParent() != null) {
                Files.createDirectories(path.getParent());
            }
            Files.write(path, bytes);
        } catch (IOException e) {
            throw CommandException.failed(path + " cannot be written: " + e.getMessage());
        }
    }

    private static Map<String, Object> json(Table table, Film film, Path gif, Path png) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("gif", gif.toString());
        json.put("png", png.toString());
        json.put("text", film.text());
        json.put("racers", table.stream().map(FilmRaceCommand::racer).toList());
        return json;
    }

    private static Map<String, Object> racer(Row row) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", row.getString("racer"));
        json.put("place", row.getString("place"));
        json.put("first_token_s", Json.number(row.getDouble("first token, s")));
        json.put("done_s", Json.number(row.getDouble("all done, s")));
        json.put("tokens", row.getInt("tokens"));
        json.put("tokens_per_s", Json.number(row.getDouble("tokens/s")));
        return json;
    }
}
