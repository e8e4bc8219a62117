package tinyllm.lab.mutation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.kernel.KernelText;
import tinyllm.lab.OneChapter;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Outcome;
import tinyllm.lab.exercises.Exercises;

/**
 * Every small change of a solution is refused by the exercise's check, or stands in {@code docs/mutations.md} with the reason why
 * not. With TINYLLM_LONG=1 all changes are tried, else a few of each exercise, drawn by a seed that TINYLLM_SEED sets.
 */
@Tag("slow")
class MutationTest {

    private static final Path ROOT = Path.of("..", "..");
    private static final Path LIST = ROOT.resolve("docs").resolve("mutations.md");
    private static final boolean LONG = "1".equals(System.getenv("TINYLLM_LONG"));
    private static final long SEED = Long.parseLong(System.getenv().getOrDefault("TINYLLM_SEED", "1"));
    private static final int SAMPLE = 6;
    private static final int KERNELS = 1;
    private static final double REFUSED = 0.95;

    private static List<Mutants> all() throws IOException {
        List<Mutants> all = new ArrayList<>();
        for (Answer answer : Answer.readAll(ROOT.resolve("notebooks").resolve("src"))) {
            if (OneChapter.has(answer.exercise().id())) {
                all.add(new Mutants(answer));
            }
        }
        return all;
    }

    @Test
    void everyExerciseHasASolutionToChange() throws IOException {
        assertThat(all().stream().map(m -> m.answer().exercise().id()))
                .containsExactlyInAnyOrderElementsOf(Exercises.all().stream()
                        .map(Exercise::id)
                        .filter(OneChapter::has)
                        .toList());
        assertThat(all()).allSatisfy(m -> assertThat(m.all()).isNotEmpty());
    }

    @Test
    void solutionsAreTakenAsTheyStand() throws IOException {
        List<Mutants> all = all();
        Map<Mutant, CheckResult> results = Mutants.check(chosen(all, m -> List.of(m.unchanged())));

        assertThat(results).hasSameSizeAs(all);
        assertThat(results.values()).allMatch(result -> result.outcome() == Outcome.CORRECT);
    }

    @Test
    void changesAreRefused() throws IOException {
        Survivors known = Survivors.read(LIST);
        Map<Mutant, CheckResult> results = Mutants.check(chosen(all(), m -> LONG ? m.all() : sample(m)));
        report(results);
        Set<String> survivors = results.entrySet().stream()
                .filter(entry -> survives(entry.getValue()))
                .map(entry -> Survivors.key(entry.getKey()))
                .collect(Collectors.toCollection(LinkedHashSet::new));
        assertThat(problems(results)).as("messages that a learner can't use").isEmpty();
        assertThat(known.reasons().keySet())
                .as(
                        "a check that lets a change through lacks a case; what is the same answer in other words belongs into"
                                + " docs/mutations.md, with its reason")
                .containsAll(survivors);
        if (LONG) {
            assertThat(survivors)
                    .as("docs/mutations.md lists what is refused by now")
                    .containsAll(known.of(OneChapter::has));
            // A share over all exercises: in a short one a single equivalent change weighs more than a twentieth.
            assertThat(1 - (double) survivors.size() / results.size())
                    .as("the share that is refused, of %d changes", results.size())
                    .isGreaterThanOrEqualTo(OneChapter.has("") ? REFUSED : 0);
        }
    }

    private static Map<Mutants, List<Mutant>> chosen(List<Mutants> all, Function<Mutants, List<Mutant>> choice) {
        Map<Mutants, List<Mutant>> chosen = new LinkedHashMap<>();
        all.forEach(mutants -> chosen.put(mutants, choice.apply(mutants)));
        return chosen;
    }

    /** Fewer of a kernel, which is compiled and run on the host for each. */
    private static List<Mutant> sample(Mutants mutants) {
        List<Mutant> shuffled = new ArrayList<>(mutants.all());
        Collections.shuffle(shuffled, new Random(SEED));
        boolean kernel = mutants.answer().exercise().contract() == KernelText.class;
        return shuffled.subList(0, Math.min(kernel ? KERNELS : SAMPLE, shuffled.size()));
    }

    private static boolean survives(CheckResult result) {
        return result.outcome() == Outcome.CORRECT || result.outcome() == Outcome.LIBRARY;
    }

    /** What is wrong with the messages, one line each. */
    private static List<String> problems(Map<Mutant, CheckResult> results) {
        List<String> problems = new ArrayList<>();
        results.forEach((mutant, result) -> {
            if (!survives(result)) {
                Readable.problem(result).ifPresent(problem -> problems.add(mutant + ": " + problem));
            }
        });
        return problems;
    }

    /** All that was tried, for reading: target/mutations.txt. */
    private static void report(Map<Mutant, CheckResult> results) throws IOException {
        List<String> lines = new ArrayList<>();
        results.forEach((mutant, result) -> lines.add((survives(result) ? "SURVIVED " : result.outcome() + " ") + mutant
                + "\n    " + String.valueOf(result.message()).replace("\n", "\n    ")
                + (result.mistake() == null ? "" : " [" + result.mistake() + "]")));
        Files.createDirectories(Path.of("target"));
        Files.write(Path.of("target", "mutations.txt"), lines);
    }
}
