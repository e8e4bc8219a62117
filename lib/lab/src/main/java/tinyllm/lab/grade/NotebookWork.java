package tinyllm.lab.grade;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.mine.Compiled;
import tinyllm.lab.mine.SessionSource;

/** The answers in a notebook that is not run: each is put together from the cells, as the kernel would have it. */
record NotebookWork(Exercise<?> exercise, Cells cells, SessionSource session) implements Work {

    /**
     * An entry for every exercise of the chapters that the notebook is about.
     *
     * @throws IOException when it is no notebook
     */
    static List<Work> of(Path notebook) throws IOException {
        Cells cells = Cells.read(notebook);
        SessionSource session = new SessionSource(
                cells.cells().stream().flatMap(cell -> cell.snippets().stream()).toList());
        Set<String> ids = new LinkedHashSet<>(session.checked());
        cells.cells().forEach(cell -> ids.add(cell.exercise()));
        Set<String> chapters = new LinkedHashSet<>();
        for (Exercise<?> exercise : Exercises.all()) {
            if (ids.contains(exercise.id())) {
                chapters.add(exercise.chapter());
            }
        }
        List<Work> work = new ArrayList<>();
        for (Exercise<?> exercise : Exercises.all()) {
            if (chapters.contains(exercise.chapter())) {
                work.add(new NotebookWork(exercise, cells, session));
            }
        }
        return work;
    }

    @Override
    public Compiled compile() throws Unrun {
        List<Cells.Cell> own = cells.cells().stream()
                .filter(cell -> cell.exercise().equals(exercise.id()))
                .toList();
        String broken = own.stream()
                .flatMap(cell ->
                        Stream.concat(cell.snippets().stream().filter(session::unread), Stream.of(cell.broken())))
                .filter(code -> !code.isBlank())
                .findFirst()
                .orElse("");
        if (!broken.isEmpty()) {
            throw new Unrun(Mark.UNCHECKABLE, "Its cell is no Java: " + SessionSource.firstError(broken) + ".");
        }
        List<String> snippets =
                own.stream().flatMap(cell -> cell.snippets().stream()).toList();
        SessionSource.Answer answer = session.answer(exercise, snippets);
        if (answer.missing()) {
            throw new Unrun(Mark.NOT_ATTEMPTED, "There is no answer to this exercise in the notebook.");
        }
        if (!answer.problem().isEmpty()) {
            throw new Unrun(Mark.UNCHECKABLE, "It does not compile: " + answer.problem() + ".");
        }
        try {
            return answer.compiled();
        } catch (Compiled.Broken e) {
            throw new Unrun(Mark.UNCHECKABLE, "It can't be compiled: " + e.getMessage() + ".");
        }
    }
}
