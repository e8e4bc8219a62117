package tinyllm.lab;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import tinyllm.lab.challenge.Challenge;
import tinyllm.lab.challenge.ChallengeResult;
import tinyllm.lab.challenge.Contest;
import tinyllm.lab.check.Check;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Outcome;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.mine.Kept;
import tinyllm.lab.progress.Progress;
import tinyllm.lab.progress.Progress.Best;
import tinyllm.lab.progress.Progress.Entry;
import tinyllm.lab.progress.Progress.Prediction;
import tinyllm.lab.progress.Progress.State;
import tinyllm.lab.progress.ProgressFile;
import tinyllm.lab.progress.ProgressFormatException;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Notebook;
import tinyllm.lab.view.Rich;

/** What {@link Lab} does, with its surroundings handed in: where results appear and where progress is kept. */
final class Session {

    private final Workplace workplace;
    private final ProgressFile file;

    Session(Workplace workplace) {
        this.workplace = workplace;
        this.file = new ProgressFile(workplace.progress());
    }

    CheckResult check(String id, Supplier<?> answer) {
        Exercise<?> exercise = Exercises.get(id);
        CheckResult result = new Check<>(exercise).run(answer);
        show(result);
        if (attempted(result.outcome())) {
            record(exercise.id(), entry -> entry.checked(state(result.outcome()), System.currentTimeMillis()));
        }
        if (result.solved()) {
            keepSource(exercise, result);
        }
        return result;
    }

    ChallengeResult challenge(Challenge<?, ?> challenge, List<? extends Supplier<?>> answers) {
        ChallengeResult result = new Contest<>(challenge, Lab.quick()).run(answers);
        Best before = progress().bests().get(result.key());
        result.yours()
                .ifPresent(row ->
                        update(p -> p.challenged(result.key(), new Best(row.value(), System.currentTimeMillis()))));
        double earlier = before == null ? Double.NaN : before.value();
        double now = result.yours().map(ChallengeResult.Row::value).orElse(earlier);
        ChallengeResult whole = result.best(earlier, before == null ? now : Math.min(earlier, now));
        show(whole);
        return whole;
    }

    void hint(String id) {
        Exercise<?> exercise = Exercises.get(id);
        List<String> hints = exercise.hints();
        int shown = progress().entry(exercise.id()).hints();
        int next = Math.min(shown, hints.size() - 1);
        String more = shown >= hints.size()
                ? "This was the last hint. The library's way: solution(\"" + exercise.id() + "\")"
                : "";
        String head = "Hint " + (next + 1) + " of " + hints.size() + ": ";
        show(note(head + hints.get(next), more));
        record(exercise.id(), entry -> entry.hinted(next + 1));
    }

    void solution(String id) {
        Exercise<?> exercise = Exercises.get(id);
        Optional<String> source = workplace.sources().flatMap(folder -> Solutions.find(folder, exercise.id()));
        if (source.isEmpty()) {
            show(Html.of("The solution of \"" + exercise.id()
                    + "\" is in a cell of notebooks/src that can't be found from here:"
                    + " start the notebook with ./lab, or set TINYLLM_ROOT to the clone."));
            return;
        }
        show(new Html("<pre>" + Html.escape(source.get()) + "</pre>", source.get()));
        record(exercise.id(), Entry::peeked);
    }

    void predict(String name, double guess, String unit) {
        Prediction prediction = new Prediction(guess, unit);
        update(progress -> progress.predict(name, prediction));
        show(Html.of("Your guess for %s: %s %s. You will see it beside the answer."
                .formatted(name, Guess.shown(guess), unit)));
    }

    /** A guess as it stands in the cell; "?" is none yet, and not an error: the chapter goes on without one. */
    void predict(String name, String guess, String unit) {
        Optional<Double> number = Guess.of(guess);
        if (number.isPresent()) {
            predict(name, number.get(), unit);
            return;
        }
        String kept = prediction(name)
                .map(p -> "Your guess so far: %s %s. ".formatted(Guess.shown(p.guess()), p.unit()))
                .orElse("");
        show(Html.of(kept + Guess.request(guess, unit)));
    }

    Optional<Prediction> prediction(String name) {
        return Optional.ofNullable(progress().predictions().get(name));
    }

    Rich progressTable() {
        return new ProgressView(Exercises.all(), progress(), file.takeNotice().orElse(""));
    }

    Progress progress() {
        try {
            return file.read();
        } catch (ProgressFormatException | java.io.UncheckedIOException e) {
            show(Html.of("Progress can't be read: " + e.getMessage()));
            return Progress.EMPTY;
        }
    }

    private void record(String id, UnaryOperator<Entry> change) {
        update(progress -> progress.with(id, change));
    }

    private void update(UnaryOperator<Progress> change) {
        try {
            file.update(change);
            file.takeNotice().ifPresent(notice -> show(Html.of(notice)));
        } catch (ProgressFormatException | java.io.UncheckedIOException e) {
            show(Html.of("This is not kept in your progress: " + e.getMessage()));
        }
    }

    /** Whatever goes wrong here must not hide the verdict. */
    private void keepSource(Exercise<?> exercise, CheckResult result) {
        Kept kept = new Kept(workplace.mine().resolve("src"));
        try {
            kept.keep(exercise, Notebook.current().snippets(), Optional.ofNullable(result.answer()))
                    .ifPresent(problem -> show(Html.of(problem)));
        } catch (IOException | RuntimeException e) {
            show(Html.of("Your source can't be kept in " + kept.folder() + ": " + e));
        }
    }

    private static boolean attempted(Outcome outcome) {
        return outcome != Outcome.NOT_ATTEMPTED && outcome != Outcome.UNCHECKABLE && outcome != Outcome.STOPPED;
    }

    private static State state(Outcome outcome) {
        return switch (outcome) {
            case CORRECT -> State.SOLVED;
            case LIBRARY -> State.LIBRARY;
            default -> State.TRIED;
        };
    }

    private static Html note(String text, String more) {
        String html = "<p>" + Html.escape(text) + "</p>" + (more.isEmpty() ? "" : "<p>" + Html.escape(more) + "</p>");
        return new Html(html, more.isEmpty() ? text : text + "\n" + more);
    }

    static void show(Rich value) {
        Notebook.current().display(value);
    }
}
