package tinyllm.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tinyllm.course.Mine;
import tinyllm.engine.Generator;

/** Whose code computes: the option of every command that runs a model. */
final class SolutionOptions {

    enum Solution {
        /** The learner's solved exercises, the library's for the rest. */
        MINE,
        LIB
    }

    @Option(
            names = "--solution",
            paramLabel = "WHOSE",
            defaultValue = "lib",
            description = "mine: your solved exercises, the library's for the rest; lib: the library's (default: lib)")
    private Solution solution;

    private @Nullable Mine mine;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    SolutionOptions() {}

    boolean mine() {
        return solution == Solution.MINE;
    }

    /** The generator with whatever was asked for; says on standard error whose is whose. */
    Generator apply(Generator generator, OutputOptions output) {
        return mine() ? generator.with(load(Generator::hasPlaceFor, output)) : generator;
    }

    /**
     * The learner's answers, checked and named once for all that a command makes with them.
     *
     * @param used whether the command has a place for answers of an interface
     */
    Mine load(Predicate<Class<?>> used, OutputOptions output) {
        if (mine == null) {
            output.note("checking your solutions …");
            mine = Mine.load().only(used);
            mine.lines().forEach(output::note);
        }
        return mine;
    }

    /** What a JSON result adds: nothing for the library's. */
    Map<String, Object> json() {
        if (mine == null) {
            return Map.of();
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("mine", names(mine, true));
        json.put("lib", names(mine, false));
        json.put(
                "left_out",
                mine.pieces().stream()
                        .filter(piece -> piece.own() == null && !piece.reason().isEmpty())
                        .map(piece -> Map.of("id", piece.exercise(), "reason", piece.reason()))
                        .toList());
        return Map.of("solution", json);
    }

    private static List<String> names(Mine mine, boolean own) {
        return mine.pieces().stream()
                .filter(piece -> (piece.own() != null) == own)
                .map(Mine.Piece::exercise)
                .toList();
    }
}
