package tinyllm.lab.mine;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.lang.model.element.Element;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import tinyllm.lab.check.Exercise;

/**
 * Puts what an answer needs into one class that compiles by itself. The compiler says which declaration each name means, so nothing
 * is taken that the answer does not use: a chapter's variables may cost minutes to make.
 */
final class Assembly {

    private final Javac javac;
    private final Snippets session;
    private final Exercise<?> exercise;

    Assembly(Javac javac, Snippets session, Exercise<?> exercise) {
        this.javac = javac;
        this.session = session;
        this.exercise = exercise;
    }

    /**
     * A class, or why there is none.
     *
     * @param source the whole file; empty when there is a problem
     * @param problem a sentence; empty when the file compiles
     */
    record Result(String source, String problem) {}

    /**
     * The class for what the exercise's last check was given.
     *
     * @param fallback the answer's source when no check in the session gives one, such as {@code MySoftmax::new}; empty for none
     */
    Result build(String fallback) {
        String answer = session.answers().getOrDefault(exercise.id(), fallback);
        if (answer.isEmpty()) {
            return new Result("", "no cell checks an answer to \"" + exercise.id() + "\"");
        }
        List<Member> members = typed(mentioned(answer));
        Names names = new Names();
        List<Member> needed = needed(members, answer, names);
        List<String> imports =
                session.imports().stream().filter(names::uses).sorted().toList();
        String lean = KeptSource.write(exercise, imports, needed, answer);
        Javac.Job check = analyzed(lean);
        if (!check.failed()) {
            return new Result(lean, "");
        }
        String full = KeptSource.write(exercise, session.imports(), needed, answer);
        Javac.Job again = analyzed(full);
        return again.failed() ? new Result("", again.firstError()) : new Result(full, "");
    }

    /** Variables that nothing mentions are left out at once; the compiler decides on the rest. */
    private List<Member> mentioned(String answer) {
        return session.members().stream()
                .filter(member -> member.kind() == Member.Kind.TYPE
                        || member.kind() == Member.Kind.METHOD
                        || mentions(answer, member.name())
                        || session.members().stream()
                                .anyMatch(other -> other != member && mentions(other.text(), member.name())))
                .toList();
    }

    private static boolean mentions(String code, String name) {
        return Pattern.compile("\\b" + Pattern.quote(name) + "\\b")
                .matcher(code)
                .find();
    }

    /** A field can't be declared with {@code var}: the compiler finds the type, as it would for a local variable. */
    private List<Member> typed(List<Member> members) {
        if (members.stream().noneMatch(member -> member.kind() == Member.Kind.VAR)) {
            return members;
        }
        List<Member> known = new ArrayList<>();
        List<Member> unknown = new ArrayList<>();
        members.forEach(member -> (member.kind() == Member.Kind.VAR ? unknown : known).add(member));
        String body = unknown.stream()
                .map(member -> "var " + member.name() + " = " + member.text() + ";\n")
                .collect(Collectors.joining("", "static void types$() {\n", "}\n"));
        List<Member> trial = new ArrayList<>(known);
        trial.add(new Member(Member.Kind.METHOD, "", "types$", body));
        Map<String, String> types = localTypes(KeptSource.write(exercise, session.imports(), trial, "null"));
        return members.stream()
                .filter(member -> member.kind() != Member.Kind.VAR || types.containsKey(member.name()))
                .map(member -> member.kind() != Member.Kind.VAR
                        ? member
                        : new Member(
                                Member.Kind.VARIABLE,
                                member.key(),
                                member.name(),
                                "static " + types.get(member.name()) + " " + member.name() + " = " + member.text()
                                        + ";"))
                .toList();
    }

    private Map<String, String> localTypes(String source) {
        Javac.Job job = javac.job(KeptSource.className(exercise), source);
        CompilationUnitTree unit = unit(job);
        Trees trees = Trees.instance(job.task());
        Map<String, String> types = new HashMap<>();
        MethodTree method = (MethodTree) holder(unit).getMembers().getLast();
        for (Tree statement : method.getBody().getStatements()) {
            TypeMirror type = trees.getTypeMirror(trees.getPath(unit, statement));
            if (type != null && type.getKind() != TypeKind.ERROR && statement instanceof VariableTree variable) {
                types.put(variable.getName().toString(), type.toString());
            }
        }
        return types;
    }

    /** The members that the answer reaches, and the outside names that it and they use. */
    private List<Member> needed(List<Member> members, String answer, Names names) {
        Javac.Job job = javac.job(
                KeptSource.className(exercise), KeptSource.write(exercise, session.imports(), members, answer));
        CompilationUnitTree unit = unit(job);
        Trees trees = Trees.instance(job.task());
        // The compiler adds a constructor to a class that has none; the session's declarations are the others.
        List<? extends Tree> declared = holder(unit).getMembers().stream()
                .filter(tree -> !(tree instanceof MethodTree method) || method.getReturnType() != null)
                .toList();
        Map<Element, Integer> owners = new LinkedHashMap<>();
        for (int i = 0; i < declared.size(); i++) {
            Element element = trees.getElement(trees.getPath(unit, declared.get(i)));
            if (element != null) {
                owners.put(element, i);
            }
        }
        TreeSet<Integer> reached = new TreeSet<>(List.of(0)); // the answer stands first
        Deque<Integer> open = new ArrayDeque<>(reached);
        while (!open.isEmpty()) {
            TreePath path = trees.getPath(unit, declared.get(open.remove()));
            new Uses(
                            trees,
                            job.task().getElements(),
                            names,
                            element ->
                                    owner(element, owners).filter(reached::add).ifPresent(open::add))
                    .scan(path, null);
        }
        return reached.stream().skip(1).map(i -> members.get(i - 1)).toList();
    }

    private static Optional<Integer> owner(Element element, Map<Element, Integer> owners) {
        for (Element e = element; e != null; e = e.getEnclosingElement()) {
            Integer owner = owners.get(e);
            if (owner != null) {
                return Optional.of(owner);
            }
        }
        return Optional.empty();
    }

    /** The tree with every name resolved that can be; errors in declarations that nobody uses do no harm. */
    private static CompilationUnitTree unit(Javac.Job job) {
        try {
            CompilationUnitTree unit = job.task().parse().iterator().next();
            job.task().analyze();
            return unit;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Javac.Job analyzed(String source) {
        Javac.Job job = javac.job(KeptSource.className(exercise), source);
        unit(job);
        return job;
    }

    private static ClassTree holder(CompilationUnitTree unit) {
        return (ClassTree) unit.getTypeDecls().getFirst();
    }
}
