package tinyllm.lab.notebooks;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.notebooks.Chapter.Cell;

/** A learner's wrong answer as the source of a cell: the chapter's own, else the first mistake that the exercise knows. */
final class WrongEdit {

    private static final String DECLARED = "\\b(?:class|record)\\s+(\\w+)\\s*(?:\\([^)]*\\))?\\s*implements\\s+";

    private WrongEdit() {}

    static String of(Chapter chapter, Cell stub) {
        return chapter.cells().stream()
                .filter(cell -> cell.wrong().equals(stub.exercise()))
                .map(Cell::text)
                .findFirst()
                .orElseGet(() -> delegating(stub));
    }

    /** The stub's class again, with methods that hand their arguments to a known mistake. */
    private static String delegating(Cell stub) {
        Exercise<?> exercise = Exercises.get(stub.exercise());
        Class<?> contract = exercise.contract();
        Matcher declared = Pattern.compile(DECLARED + "[\\w, .<>]*\\b" + contract.getSimpleName() + "\\b")
                .matcher(stub.text());
        if (!declared.find()) {
            throw new IllegalStateException("exercise \"" + exercise.id() + "\": its cell has no class that implements "
                    + contract.getSimpleName() + ", so its source needs a cell with wrong=\"" + exercise.id() + "\"");
        }
        String type = contract.getCanonicalName();
        String methods = Arrays.stream(contract.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .map(WrongEdit::method)
                .collect(Collectors.joining("\n"));
        return """
                class %s implements %s {
                    private final %s wrong = (%s) tinyllm.lab.exercises.Exercises.get("%s").mistakes().get(0).answer().get();
                %s
                }
                """.formatted(declared.group(1), type, type, type, exercise.id(), methods);
    }

    private static String method(Method method) {
        String parameters = Arrays.stream(method.getParameters())
                .map(parameter -> name(parameter.getParameterizedType()) + " " + parameter.getName())
                .collect(Collectors.joining(", "));
        String arguments =
                Arrays.stream(method.getParameters()).map(Parameter::getName).collect(Collectors.joining(", "));
        String call = "wrong." + method.getName() + "(" + arguments + ");";
        return "    public " + name(method.getGenericReturnType()) + " " + method.getName() + "(" + parameters + ") { "
                + (method.getReturnType() == void.class ? "" : "return ") + call + " }";
    }

    private static String name(java.lang.reflect.Type type) {
        return type.getTypeName().replace('$', '.');
    }
}
