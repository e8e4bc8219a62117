package tinyllm.lab.kernel;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.TypeDeclSnippet;

/**
 * What the compiler has against a class that JShell has taken all the same.
 *
 * <p>JShell takes a class with an unknown name without a word, because a later cell may still define it; only who makes an
 * object of the class is told, by an exception that does not say what is missing. A kernel shows nothing of what JShell knows.
 */
final class UnresolvedNames {

    private static final Set<Snippet.Status> OPEN =
            Set.of(Snippet.Status.RECOVERABLE_DEFINED, Snippet.Status.RECOVERABLE_NOT_DEFINED);

    private UnresolvedNames() {}

    /** What keeps the class of this name from being used, such as "cannot find symbol: variable sum"; empty when nothing does. */
    static List<String> of(JShell shell, String type) {
        return shell.snippets()
                .filter(TypeDeclSnippet.class::isInstance)
                .map(TypeDeclSnippet.class::cast)
                .filter(declared -> declared.name().equals(type) && OPEN.contains(shell.status(declared)))
                .flatMap(declared -> complaints(shell, declared).stream())
                .distinct()
                .toList();
    }

    /** Says it below the cell that defines such a class. */
    static void tell(JShell shell, Consumer<String> warn) {
        shell.onSnippetEvent(event -> tell(shell, event, warn));
    }

    private static void tell(JShell shell, SnippetEvent event, Consumer<String> warn) {
        if (event.causeSnippet() == null
                && event.snippet() instanceof TypeDeclSnippet declared
                && OPEN.contains(event.status())) {
            List<String> found = complaints(shell, declared);
            if (!found.isEmpty()) {
                warn.accept("%s can't be used before this is mended: %s."
                        .formatted(declared.name(), String.join("; ", found)));
            }
        }
    }

    private static List<String> complaints(JShell shell, TypeDeclSnippet snippet) {
        return shell.unresolvedDependencies(snippet)
                .distinct()
                .map(name -> "cannot find symbol: " + name)
                .toList();
    }
}
