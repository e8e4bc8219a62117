package tinyllm.lab.mine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.kernel.Imports;

/** The snippets of a notebook that was never run, with what every notebook has imported. */
public final class SessionSource {

    private final Snippets session;

    /** @param snippets in the order of the cells */
    public SessionSource(List<String> snippets) {
        List<String> all = new ArrayList<>(Imports.source().lines().toList());
        all.addAll(snippets);
        try (Javac javac = new Javac()) {
            session = Snippets.of(javac, all);
        }
    }

    /**
     * An answer as one class.
     *
     * @param missing whether there is none at all
     * @param problem why it can't be made into a class that compiles; empty otherwise
     */
    public record Answer(boolean missing, String problem, String name, String source) {

        public Compiled compiled() throws Compiled.Broken {
            return Compiled.source(name, source);
        }
    }

    /** The exercises that some cell checks. */
    public Set<String> checked() {
        return session.answers().keySet();
    }

    /** Whether this snippet is no Java. */
    public boolean unread(String snippet) {
        return session.unread().contains(snippet);
    }

    /**
     * What the exercise's check would be given.
     *
     * @param own the snippets of the exercise's own cell, in which its class is looked for when no cell checks it
     */
    public Answer answer(Exercise<?> exercise, List<String> own) {
        String name = KeptSource.className(exercise);
        try (Javac javac = new Javac()) {
            String fallback = declared(javac, exercise, own);
            if (fallback.isEmpty() && !session.answers().containsKey(exercise.id())) {
                return new Answer(true, "", name, "");
            }
            Assembly.Result result = new Assembly(javac, session, exercise).build(fallback);
            return new Answer(false, result.problem(), name, result.source());
        }
    }

    private static String declared(Javac javac, Exercise<?> exercise, List<String> own) {
        Pattern implementing =
                Pattern.compile("\\bimplements\\b[^{]*\\b" + exercise.contract().getSimpleName() + "\\b");
        List<Member> types = Snippets.of(javac, own).members().stream()
                .filter(member -> member.kind() == Member.Kind.TYPE)
                .toList();
        return types.stream()
                .filter(type -> implementing.matcher(type.text()).find())
                .reduce((first, last) -> last)
                .or(() -> types.stream().reduce((first, last) -> last))
                .map(type -> type.name() + "::new")
                .orElse("");
    }

    /** What the compiler says first of code that can't be read; lines count in the code alone. */
    public static String firstError(String code) {
        try (Javac javac = new Javac()) {
            String around = code.lines().collect(Collectors.joining("\n", "class $ { ", "\n}"));
            Javac.Job job = javac.job("$", around);
            job.task().parse();
            return job.failed() ? job.firstError() : "it is not complete";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
