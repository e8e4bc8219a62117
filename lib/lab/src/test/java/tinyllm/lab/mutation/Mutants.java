package tinyllm.lab.mutation;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import tinyllm.lab.check.Check;
import tinyllm.lab.check.CheckResult;

/** All mutants of one solution: made, compiled and checked. */
final class Mutants {

    /** Generous, since the machine may be busy; a mutant that loops takes all of it. */
    private static final Duration DEADLINE = Duration.ofSeconds(6);

    private static final Duration USUAL = Duration.ofSeconds(20);
    private static final int TOGETHER = 250;

    private final Answer answer;
    private final List<Mutant> all;
    private final List<Edit> polls;

    Mutants(Answer answer) throws IOException {
        this.answer = answer;
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavacTask task = (JavacTask) compiler.getTask(null, null, null, null, null, List.of(file(answer.source())));
        CompilationUnitTree unit = task.parse().iterator().next();
        Mutator mutator = new Mutator(answer, unit, Trees.instance(task).getSourcePositions());
        List<Mutant> java = mutator.mutants();
        all = java.isEmpty() ? TextMutator.mutants(answer) : java;
        polls = mutator.polls();
    }

    private static JavaFileObject file(String source) {
        return new SimpleJavaFileObject(URI.create("memory:///Answer.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
    }

    Answer answer() {
        return answer;
    }

    /** In the order of the source; some of them may not compile. */
    List<Mutant> all() {
        return all;
    }

    /** The solution as it stands. */
    Mutant unchanged() {
        return Mutant.of(answer, new Edit(0, 0, ""));
    }

    /** The checks' results for those of the chosen mutants that compile; many at once, since a compiler's start costs most. */
    static Map<Mutant, CheckResult> check(Map<Mutants, List<Mutant>> chosen) {
        Map<Mutant, CheckResult> results = new LinkedHashMap<>();
        Map<String, Runnable> checks = new LinkedHashMap<>();
        Map<String, String> sources = new LinkedHashMap<>();
        Map<String, ClassLoader> loaders = new HashMap<>();
        chosen.forEach((mutants, some) -> {
            for (Mutant mutant : some) {
                String name = "m" + sources.size();
                sources.put(name, Answer.inPackage(mutants.ending(mutant), name));
                checks.put(
                        name,
                        () -> results.put(mutant, mutants.check(name, Objects.requireNonNull(loaders.get(name)))));
            }
        });
        List<String> names = List.copyOf(sources.keySet());
        for (int from = 0; from < names.size(); from += TOGETHER) {
            Map<String, String> batch = new LinkedHashMap<>();
            names.subList(from, Math.min(from + TOGETHER, names.size())).forEach(n -> batch.put(n, sources.get(n)));
            loaders.clear();
            loaders.putAll(MemoryCompiler.compile(batch));
            batch.keySet().stream()
                    .filter(loaders::containsKey)
                    .map(checks::get)
                    .forEach(Runnable::run);
        }
        return results;
    }

    /** The mutant's source, in which every loop ends with the check's time. */
    private String ending(Mutant mutant) {
        List<Edit> edits = new ArrayList<>(
                polls.stream().filter(poll -> !inside(poll, mutant.edit())).toList());
        edits.add(mutant.edit());
        return Edit.all(answer.source(), edits);
    }

    private static boolean inside(Edit poll, Edit change) {
        return change.from() <= poll.from() && poll.from() < change.to();
    }

    private CheckResult check(String name, ClassLoader loader) {
        Duration own = answer.exercise().deadline();
        Duration deadline = own.compareTo(USUAL) > 0 ? own : DEADLINE; // kernels are compiled in their checks
        return new Check<>(answer.exercise(), deadline).run(constructor(name, loader));
    }

    /** The last class of the exercise's cell that implements the exercise's interface, as the check cell's {@code MyClass::new}. */
    private Supplier<Object> constructor(String name, ClassLoader loader) {
        for (String type : answer.classes().reversed()) {
            Class<?> found = load(name + "." + type, loader);
            if (answer.exercise().contract().isAssignableFrom(found)) {
                return () -> create(found);
            }
        }
        throw new IllegalStateException(
                answer.classes().stream().collect(Collectors.joining(", ", "none of the classes ", " implements "))
                        + answer.exercise().contract());
    }

    private static Class<?> load(String name, ClassLoader loader) {
        try {
            return Class.forName(name, true, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(name + " was compiled and is not there", e);
        }
    }

    private static Object create(Class<?> type) {
        try {
            Constructor<?> constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " can't be made", e);
        }
    }
}
