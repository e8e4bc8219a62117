package tinyllm.lab;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tinyllm.course.Mine;
import tinyllm.engine.Engine;
import tinyllm.engine.Generator;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.grade.Finding;
import tinyllm.lab.grade.Guard;
import tinyllm.lab.grade.Mark;
import tinyllm.lab.mine.Compiled;
import tinyllm.lab.mine.Kept;
import tinyllm.lab.mine.Wholes;
import tinyllm.lab.view.Html;

/**
 * The learner's kept answers for {@code withMine()}: those that pass their checks, in a guarded process, are loaded into this one. A
 * check that was passed is not run again until the file or the library changes.
 */
public final class MineSource implements Mine.Source {

    private final Workplace workplace;
    private final Guard guard;

    /** For the service loader: this process's learner. */
    public MineSource() {
        this(Workplace.current(), new Guard(Guard.Limits.STANDARD));
    }

    MineSource(Workplace workplace, Guard guard) {
        this.workplace = workplace;
        this.guard = guard;
    }

    /** The kept answers of this process's learner. */
    public static Kept kept() {
        return new Kept(Workplace.current().mine().resolve("src"));
    }

    @Override
    public Mine load() {
        List<Kept.Answer> kept = new Kept(workplace.mine().resolve("src"))
                .answers().stream()
                        .filter(answer -> isUsed(answer.exercise().contract()))
                        .toList();
        Passed passed = new Passed(workplace.mine().resolve(".passed"));
        List<Kept.Answer> open =
                kept.stream().filter(answer -> !passed.holds(answer)).toList();
        Guard.Report report = guard.answers(open);
        Map<String, String> refused = new HashMap<>();
        open.forEach(answer -> refused.put(answer.exercise().id(), "it could not be checked: " + report.problem()));
        for (Finding finding : report.findings()) {
            if (finding.mark() == Mark.CORRECT) {
                refused.remove(finding.id());
            } else {
                refused.put(finding.id(), reason(finding));
            }
        }
        passed.keep(kept.stream()
                .filter(answer -> !refused.containsKey(answer.exercise().id()))
                .toList());
        Map<String, Kept.Answer> files = kept.stream()
                .collect(Collectors.toMap(answer -> answer.exercise().id(), answer -> answer));
        return new Mine(Exercises.all().stream()
                .filter(exercise -> isUsed(exercise.contract()))
                .map(exercise -> piece(exercise, files, refused))
                .toList());
    }

    /** Whether answers of this interface have a place in a generator or in an engine; each takes its own. */
    private static boolean isUsed(Class<?> contract) {
        return Generator.hasPlaceFor(contract) || Engine.hasPlaceFor(contract);
    }

    private static Mine.Piece piece(Exercise<?> exercise, Map<String, Kept.Answer> files, Map<String, String> refused) {
        Kept.Answer kept = files.get(exercise.id());
        if (kept == null) {
            return new Mine.Piece(exercise.id(), exercise.contract(), null, "");
        }
        String reason = refused.get(exercise.id());
        if (reason != null) {
            return instead(exercise, kept, reason);
        }
        try {
            Object own = Compiled.file(kept.file()).answer();
            return new Mine.Piece(exercise.id(), exercise.contract(), Wholes.of(exercise.id(), own), "");
        } catch (Compiled.Broken | RuntimeException | LinkageError e) {
            return instead(exercise, kept, String.valueOf(e.getMessage()));
        }
    }

    private static Mine.Piece instead(Exercise<?> exercise, Kept.Answer kept, String reason) {
        String sentence = "your " + kept.file().getFileName() + " is left out, " + reason
                + (reason.endsWith(".") ? "" : ".") + " The library's stands in.";
        return new Mine.Piece(exercise.id(), exercise.contract(), null, sentence);
    }

    private static String reason(Finding finding) {
        String message = finding.message().isEmpty() ? "" : ": " + finding.message();
        return switch (finding.mark()) {
            case INCORRECT -> "it no longer passes its check" + message;
            case CRASHED -> "it crashed in its check" + message;
            case NOT_ATTEMPTED -> "it is not solved any more" + message;
            case LIBRARY -> "it only calls the library" + message;
            default -> finding.message().isEmpty() ? "it can't be checked." : finding.message();
        };
    }

    @Override
    public void show(List<String> lines) {
        String html = lines.stream().map(Html::escape).collect(Collectors.joining("<br>", "<p>", "</p>"));
        Session.show(new Html(html, String.join("\n", lines)));
    }
}
