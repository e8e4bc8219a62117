package tinyllm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tinyllm.lab.MineSource;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.grade.Grader;
import tinyllm.lab.grade.Guard;
import tinyllm.lab.grade.Mark;
import tinyllm.lab.mine.Kept;
import tinyllm.lab.mine.MistakeList;

/** The checks of the notebooks, without a notebook: on the learner's kept answers, or on a folder of notebooks. */
@Command(
        name = "check",
        description = {
            "Check answers in a process of their own: your kept ones (notebooks/my/src), or those in notebooks, which are"
                    + " read and never run.",
            "Exit code 1: an answer of yours is not correct, or there is none. A folder of notebooks that was graded is 0,"
                    + " whatever the verdicts."
        })
final class CheckCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Parameters(
            paramLabel = "WHAT",
            arity = "0..*",
            description =
                    "a chapter (1.1), an exercise (\"1.1 softmax\"), a notebook, or a folder with notebooks; nothing"
                            + " means all that you have solved")
    private List<String> what = List.of();

    @Option(
            names = "--deadline",
            paramLabel = "S",
            description = "seconds for one check (default: the exercise's own, 20)")
    private @Nullable Double deadline;

    @Option(
            names = "--memory",
            paramLabel = "MB",
            defaultValue = "2048",
            description = "memory for the process that checks (default: ${DEFAULT-VALUE})")
    private int megabytes;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "1",
            description = "notebooks that are graded at a time (default: ${DEFAULT-VALUE})")
    private int jobs;

    @Option(
            names = "--mistakes",
            description = "print the mistakes that each check knows, as docs/mistakes.md has them, and check nothing")
    private boolean mistakes;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    CheckCommand() {}

    @Override
    public Integer call() throws IOException {
        if (mistakes) {
            return mistakes();
        }
        if (jobs < 1 || jobs > 64) {
            throw CommandException.wrongUsage("--jobs must be in 1…64, but is " + jobs);
        }
        Guard guard = new Guard(new Guard.Limits(limit(), (long) megabytes << 20));
        List<Path> places =
                what.stream().map(CheckCommand::place).filter(p -> p != null).toList();
        if (places.isEmpty()) {
            return kept(guard);
        }
        if (places.size() < what.size()) {
            throw CommandException.wrongUsage("check takes exercises or notebooks, not both at once");
        }
        return notebooks(guard, places);
    }

    private int mistakes() {
        if (!what.isEmpty()) {
            throw CommandException.wrongUsage("--mistakes lists all exercises: leave \"" + what.getFirst() + "\" out");
        }
        output.result(Map.of("exercises", MistakeList.json()), out -> out.print(MistakeList.markdown()));
        return 0;
    }

    private @Nullable Duration limit() {
        if (deadline == null) {
            return null;
        }
        if (!(deadline > 0 && deadline <= 3600)) {
            throw CommandException.wrongUsage("--deadline must be more than 0 and at most 3600 s, but is " + deadline);
        }
        return Duration.ofMillis(Math.max(1, Math.round(deadline * 1000)));
    }

    private static @Nullable Path place(String text) {
        try {
            Path path = Path.of(text);
            return Files.exists(path) && (Files.isDirectory(path) || text.endsWith(".ipynb")) ? path : null;
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private int kept(Guard guard) {
        Kept kept = MineSource.kept();
        Set<Exercise<?>> wanted = new LinkedHashSet<>();
        what.forEach(text -> wanted.addAll(exercises(text)));
        List<Kept.Answer> answers = kept.answers().stream()
                .filter(answer -> wanted.isEmpty() || wanted.contains(answer.exercise()))
                .toList();
        if (answers.isEmpty()) {
            String whose = what.isEmpty() ? "" : " of " + String.join(", ", what);
            throw CommandException.failed("nothing" + whose + " is kept in " + kept.folder()
                    + ": an answer is kept when its check in the notebook is green");
        }
        Guard.Report report = guard.answers(answers);
        if (!report.problem().isEmpty()) {
            throw CommandException.failed("your answers can't be checked: " + report.problem());
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("folder", kept.folder().toString());
        json.putAll(CheckReport.json(report));
        output.result(json, out -> report.findings().forEach(finding -> CheckReport.print(out, finding, true)));
        return report.count(Mark.CORRECT) == answers.size() ? 0 : CommandException.FAILED;
    }

    private static List<Exercise<?>> exercises(String text) {
        String plain = text.strip();
        List<Exercise<?>> chapter = Exercises.all().stream()
                .filter(exercise -> exercise.chapter().equals(plain)
                        || digits(exercise.chapter()).equals(plain.replaceFirst("-.*", "")))
                .toList();
        if (!chapter.isEmpty()) {
            return chapter;
        }
        if (plain.endsWith(".ipynb") || plain.contains("/")) {
            throw CommandException.wrongUsage("there is no notebook or folder \"" + plain + "\"");
        }
        return List.of(Exercises.get(plain));
    }

    /** "1.1" is chapter 11, "0" is chapter 00. */
    private static String digits(String chapter) {
        String digits = chapter.replace(".", "");
        return digits.length() == 1 ? "0" + digits : digits;
    }

    private int notebooks(Guard guard, List<Path> places) throws IOException {
        List<Path> notebooks = new ArrayList<>();
        for (Path place : places) {
            notebooks.addAll(Grader.notebooks(place));
        }
        if (notebooks.isEmpty()) {
            throw CommandException.wrongUsage("there is no notebook (*.ipynb) in " + places.getFirst());
        }
        List<Grader.Graded> graded =
                new Grader(guard, jobs).grade(notebooks, done -> output.note("graded " + done.notebook()));
        output.result(
                Map.of("notebooks", graded.stream().map(CheckReport::json).toList()),
                out -> CheckReport.print(out, graded));
        return 0;
    }
}
