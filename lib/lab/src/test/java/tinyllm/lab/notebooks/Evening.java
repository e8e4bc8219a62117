package tinyllm.lab.notebooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Outcome;
import tinyllm.lab.notebooks.Chapter.Cell;
import tinyllm.lab.notebooks.Session.Ran;

/**
 * One chapter in one session, as a learner goes through it. First the starter from top to bottom: every exercise is "not solved
 * yet", and nothing else is wrong. Then each exercise: edit its cell wrongly, run it and its check alone; edit it rightly, run
 * it, the check and what uses it.
 */
final class Evening implements AutoCloseable {

    private static final Pattern COMMENT = Pattern.compile("(?m)^\\s*//.*$");
    private static final Pattern WORD = Pattern.compile("\\w+");

    private final Chapter chapter;
    private final boolean all;
    private final Map<Cell, List<String>> declared = new HashMap<>();
    private @Nullable Session session;

    /** @param all whether the edits run every cell again, and not those alone that need it */
    Evening(Chapter chapter, boolean all) {
        this.chapter = chapter;
        this.all = all;
    }

    /** Top to bottom: every check finds a stub, and no cell fails in another way. */
    void starter() {
        Session session = opened();
        List<String> found = new ArrayList<>();
        for (Cell cell : chapter.code()) {
            Ran ran = session.run(cell.starter());
            declared.put(cell, ran.declared());
            clean(ran, cell);
            assertThat(ran.checks())
                    .as("%s, cell %d: %s", chapter.name(), cell.number(), ran.checks())
                    .hasSameSizeAs(cell.checks())
                    .allMatch(check -> check.outcome() == Outcome.NOT_ATTEMPTED);
            found.addAll(cell.checks());
        }
        assertThat(found)
                .containsAll(chapter.exercises().stream().map(Cell::exercise).toList());
    }

    /**
     * After the starter's run; each exercise is left with its right answer, as a learner would. Of the cells that use it, those
     * run that declare something and the first other one, which plugs it in; the rest runs in the solved notebook.
     */
    void edits() {
        List<Cell> cells = chapter.code();
        Map<String, Set<String>> mine = new HashMap<>(Map.of("withMine", Set.of("mine")));
        Set<String> waiting = new HashSet<>(Set.of("mine"));
        Set<Cell> done = new HashSet<>();
        for (int i = 0; i < cells.size(); i++) {
            Cell cell = cells.get(i);
            if (!cell.exercise().isEmpty()) {
                Cell check = checkOf(cells, i);
                edit(cell, check).forEach(name -> mine.put(name, Set.of(cell.exercise())));
                waiting.add(cell.exercise());
                done.add(check);
                continue;
            }
            Set<String> used = exercises(cell, mine);
            boolean declares = !declared.getOrDefault(cell, List.of()).isEmpty();
            boolean theirs = !cell.starter().equals(cell.solved());
            boolean wanted = theirs || (!used.isEmpty() && (declares || !Collections.disjoint(used, waiting)));
            if (all || (wanted && !(done.contains(cell) && cell.checks().size() == 1))) {
                Ran ran = opened().run(cell.solved());
                clean(ran, cell);
                ran.declared().forEach(name -> mine.put(name, used));
                waiting.removeAll(declares ? Set.of() : used);
            }
        }
    }

    /** The exercises that a cell uses, by the names of what their cells declare, or of what uses that. */
    private static Set<String> exercises(Cell cell, Map<String, Set<String>> mine) {
        String code = COMMENT.matcher(cell.solved()).replaceAll("");
        return WORD.matcher(code)
                .results()
                .flatMap(word -> mine.getOrDefault(word.group(), Set.of()).stream())
                .collect(Collectors.toSet());
    }

    /** Returns the names that the exercise's cell declares. */
    private List<String> edit(Cell stub, Cell check) {
        Session session = opened();
        clean(session.run(WrongEdit.of(chapter, stub)), stub);
        assertThat(outcome(check, stub)).isIn(Outcome.INCORRECT, Outcome.CRASHED);
        Ran right = session.run(stub.solved());
        clean(right, stub);
        assertThat(outcome(check, stub)).isEqualTo(Outcome.CORRECT);
        return right.declared();
    }

    private Cell checkOf(List<Cell> cells, int from) {
        String exercise = cells.get(from).exercise();
        return cells.subList(from, cells.size()).stream()
                .filter(cell -> cell.checks().contains(exercise))
                .findFirst()
                .orElseThrow(
                        () -> new AssertionError(chapter.name() + ": no cell after \"" + exercise + "\" checks it"));
    }

    private Outcome outcome(Cell check, Cell stub) {
        Ran ran = opened().run(check.solved());
        clean(ran, check);
        CheckResult result = ran.checks().stream()
                .filter(found -> found.id().equals(stub.exercise()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the check of \"" + stub.exercise() + "\" shows nothing"));
        return result.outcome();
    }

    private void clean(Ran ran, Cell cell) {
        assertThat(ran.problems())
                .as("%s, cell %d", chapter.name(), cell.number())
                .isEmpty();
    }

    private Session opened() {
        if (session == null) {
            session = new Session();
        }
        return session;
    }

    @Override
    public void close() {
        if (session != null) {
            session.close();
            session = null;
        }
    }
}
