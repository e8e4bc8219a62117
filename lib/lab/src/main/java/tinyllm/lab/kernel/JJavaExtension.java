package tinyllm.lab.kernel;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import jdk.jshell.Snippet;
import org.dflib.jjava.jupyter.Extension;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.mime.MIMEType;
import org.dflib.jjava.kernel.JavaKernel;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Rich;

/**
 * All calls of JJava, the default kernel. It finds this class by its service file and installs it at start.
 *
 * <p>An exception in {@code install} would end the kernel: nothing is let out.
 */
public final class JJavaExtension implements Extension {

    @Override
    public void install(BaseKernel kernel) {
        try {
            kernel.evalBuilder(Imports.source()).resolveMagics().eval();
            for (String line : Imports.more()) {
                kernel.evalBuilder(line).resolveMagics().eval();
            }
            if (kernel instanceof JavaKernel java) {
                Adapter adapter = new Adapter(java);
                SupertypesFirst.putInto(java.getJShell(), adapter::warn);
                UnresolvedNames.tell(java.getJShell(), adapter::warn);
                LabKernel.install(adapter);
            }
        } catch (Throwable t) {
            System.err.println("The Tiny LLM Lab is not ready in this kernel: " + t);
        }
    }

    private record Adapter(JavaKernel kernel) implements Kernel {

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
            return kernel.getJShell()
                    .snippets()
                    .filter(snippet -> kernel.getJShell().status(snippet).isActive())
                    .map(Snippet::source)
                    .toList();
        }

        @Override
        public List<String> unresolved(String type) {
            return UnresolvedNames.of(kernel.getJShell(), type);
        }

        @Override
        public boolean isAttached() {
            return kernel.getIO().isAttached();
        }

        @Override
        public String cellThreads() {
            return "jjava-exec-";
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
