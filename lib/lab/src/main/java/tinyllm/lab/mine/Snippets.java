package tinyllm.lab.mine;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.lang.model.element.Modifier;
import org.jspecify.annotations.Nullable;

/**
 * What the snippets of a session declare: imports, and types, methods and variables as members of a class; a later declaration
 * takes the place of an earlier one, as in JShell. Statements are looked at only for the answers that they give to {@code check}.
 *
 * @param imports whole lines
 * @param members in the order of the session
 * @param answers exercise to the source of what its last check was given: {@code MySoftmax::new}
 * @param unread snippets that are no Java
 */
record Snippets(Set<String> imports, List<Member> members, Map<String, String> answers, Set<String> unread) {

    private static final String CLASS = "class $ {\n";
    private static final String METHOD = "class $ { void $() {\n";

    /** The kernel's own helpers are not there outside of it. */
    private static final String KERNEL = "org.dflib.jjava.";

    /** @param sources oldest first */
    static Snippets of(Javac javac, List<String> sources) {
        Reader reader = new Reader(javac);
        sources.forEach(reader::read);
        return new Snippets(reader.imports, List.copyOf(reader.members.values()), reader.answers, reader.unread);
    }

    private static final class Reader {
        private final Javac javac;
        private final Set<String> imports = new LinkedHashSet<>();
        private final Map<String, Member> members = new LinkedHashMap<>();
        private final Map<String, String> answers = new LinkedHashMap<>();
        private final Set<String> unread = new LinkedHashSet<>();

        Reader(Javac javac) {
            this.javac = javac;
        }

        void read(String snippet) {
            String source = snippet.strip();
            if (source.startsWith("import ")) {
                source.lines()
                        .map(String::strip)
                        .filter(line -> line.startsWith("import ") && !line.contains(KERNEL))
                        .forEach(line -> imports.add(line.endsWith(";") ? line : line + ";"));
                return;
            }
            Unit unit = parse(CLASS, source)
                    .or(() -> parse(CLASS, source + ";"))
                    .or(() -> parse(METHOD, source))
                    .or(() -> parse(METHOD, source + ";"))
                    .orElse(null);
            if (unit == null) {
                unread.add(snippet);
                return;
            }
            unit.members().forEach(member -> {
                members.remove(member.key());
                members.put(member.key(), member);
            });
            answers.putAll(unit.answers());
        }

        private Optional<Unit> parse(String before, String source) {
            String all = before + source + (before.equals(CLASS) ? "\n}" : "\n}}");
            Javac.Job job = javac.job("$", all);
            try {
                CompilationUnitTree tree = job.task().parse().iterator().next();
                return job.failed() || tree.getTypeDecls().size() != 1
                        ? Optional.empty()
                        : Optional.of(new Unit(
                                tree,
                                Trees.instance(job.task()).getSourcePositions(),
                                all,
                                source,
                                before.equals(CLASS)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** One parsed snippet, inside of the class that was put around it. */
    private record Unit(
            CompilationUnitTree tree, SourcePositions positions, String all, String source, boolean declarations) {

        List<Member> members() {
            ClassTree around = (ClassTree) tree.getTypeDecls().getFirst();
            List<? extends Tree> declared = declarations ? around.getMembers() : statements(around);
            List<Member> members = new ArrayList<>();
            for (Tree each : declared) {
                Member member = member(each, declared.size() == 1);
                if (member != null) {
                    members.add(member);
                }
            }
            return members;
        }

        private static List<? extends Tree> statements(ClassTree around) {
            MethodTree method = (MethodTree) around.getMembers().getFirst();
            List<? extends Tree> statements = method.getBody().getStatements();
            return statements.size() == 1 && statements.getFirst() instanceof VariableTree ? statements : List.of();
        }

        private @Nullable Member member(Tree tree, boolean alone) {
            return switch (tree) {
                case ClassTree type -> {
                    String name = type.getSimpleName().toString();
                    boolean needsStatic = type.getKind() == Tree.Kind.CLASS;
                    yield new Member(
                            Member.Kind.TYPE, "T " + name, name, text(type, type.getModifiers(), alone, needsStatic));
                }
                case MethodTree method
                when method.getReturnType() != null -> {
                    String name = method.getName().toString();
                    String types = method.getParameters().stream()
                            .map(parameter -> String.valueOf(parameter.getType()))
                            .collect(Collectors.joining(", ", "(", ")"));
                    String text = text(method, method.getModifiers(), alone, true);
                    yield new Member(Member.Kind.METHOD, "M " + name + types, name, text);
                }
                case VariableTree variable -> variable(variable);
                default -> null;
            };
        }

        private Member variable(VariableTree variable) {
            String name = variable.getName().toString();
            ExpressionTree value = variable.getInitializer();
            String init = value == null ? "" : slice(value);
            String type = declarations && variable.getType() != null ? slice(variable.getType()) : "var";
            if (type.equals("var")) {
                return new Member(Member.Kind.VAR, "V " + name, name, init);
            }
            String text = "static " + type + " " + name + (init.isEmpty() ? "" : " = " + init) + ";";
            return new Member(Member.Kind.VARIABLE, "V " + name, name, text);
        }

        /** The declaration with what stands before it (comments), when nothing else is in the snippet. */
        private String text(Tree declared, ModifiersTree modifiers, boolean alone, boolean needsStatic) {
            int start = (int) positions.getStartPosition(tree, declared);
            int end = (int) positions.getEndPosition(tree, declared);
            int from = alone ? CLASS.length() : start;
            int to = alone ? CLASS.length() + source.length() : end;
            String text = all.substring(from, to);
            if (!needsStatic || modifiers.getFlags().contains(Modifier.STATIC)) {
                return text;
            }
            long written = positions.getEndPosition(tree, modifiers); // negative when there are none
            int at = (written < 0 ? start : (int) written) - from;
            return text.substring(0, at) + (written < 0 ? "static " : " static") + text.substring(at);
        }

        private String slice(Tree part) {
            return all.substring(
                    (int) positions.getStartPosition(tree, part), (int) positions.getEndPosition(tree, part));
        }

        /** Every {@code check("id", answer)} in the snippet, comments left out by nature. */
        Map<String, String> answers() {
            Map<String, String> found = new LinkedHashMap<>();
            new TreeScanner<@Nullable Void, @Nullable Void>() {
                @Override
                public @Nullable Void visitMethodInvocation(MethodInvocationTree call, @Nullable Void nothing) {
                    List<? extends ExpressionTree> arguments = call.getArguments();
                    if (arguments.size() == 2
                            && name(call.getMethodSelect()).equals("check")
                            && arguments.getFirst() instanceof LiteralTree literal
                            && literal.getValue() instanceof String id) {
                        found.put(id.strip(), slice(arguments.get(1)));
                    }
                    return super.visitMethodInvocation(call, nothing);
                }
            }.scan(tree, null);
            return found;
        }

        private static String name(ExpressionTree method) {
            return switch (method) {
                case IdentifierTree plain -> plain.getName().toString();
                case MemberSelectTree select -> select.getIdentifier().toString();
                default -> "";
            };
        }
    }
}
