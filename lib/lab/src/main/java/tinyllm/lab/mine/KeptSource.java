package tinyllm.lab.mine;

import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Collectors;
import tinyllm.lab.check.Exercise;

/** How a kept answer is written: one Java file, one class, its name made from the exercise's. */
final class KeptSource {

    /** The field that makes the answer. */
    static final String ANSWER = "ANSWER";

    private KeptSource() {}

    /** "1.1 multi-head" is kept in class {@code C1_1_MultiHead}. */
    static String className(Exercise<?> exercise) {
        String chapter = exercise.chapter();
        String words = Arrays.stream(
                        exercise.id().substring(chapter.length()).strip().split("[^A-Za-z0-9]+"))
                .filter(word -> !word.isEmpty())
                .map(word -> Character.toUpperCase(word.charAt(0)) + word.substring(1))
                .collect(Collectors.joining());
        return "C" + chapter.replaceAll("[^A-Za-z0-9]", "_") + "_" + words;
    }

    static String write(Exercise<?> exercise, Collection<String> imports, Collection<Member> members, String answer) {
        StringBuilder out = new StringBuilder()
                .append("// Your answer to \"")
                .append(exercise.id())
                .append("\" (")
                .append(exercise.title())
                .append("), kept because its check was green.\n// ./lab check \"")
                .append(exercise.id())
                .append(
                        "\" tries this file again; withMine() and --solution mine use it. The next green check writes it anew.\n");
        imports.forEach(line -> out.append(line).append('\n'));
        out.append("\npublic final class ")
                .append(className(exercise))
                .append(" {\n\n    /** Makes the answer: what the check was given. */\n")
                .append("    public static final java.util.function.Supplier<? extends ")
                .append(exercise.contract().getCanonicalName())
                .append("> ")
                .append(ANSWER)
                .append(" = ")
                .append(answer)
                .append(";\n");
        for (Member member : members) {
            out.append('\n').append(indented(member.text())).append('\n');
        }
        return out.append("}\n").toString();
    }

    private static String indented(String text) {
        return text.lines().map(line -> line.isBlank() ? "" : "    " + line).collect(Collectors.joining("\n"));
    }
}
