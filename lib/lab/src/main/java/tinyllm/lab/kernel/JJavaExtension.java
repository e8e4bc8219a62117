package tinyllm.lab.kernel;

import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import jdk.jshell.Snippet;
import org.dflib.jjava.jupyter.Extension;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.Renderer;
import org.dflib.jjava.jupyter.kernel.display.mime.MIMEType;
import org.dflib.jjava.kernel.JavaKernel;
import org.jspecify.annotations.Nullable;
import tech.tablesaw.api.Table;
import tinyllm.lab.Lab;
import tinyllm.lab.Tables;
import tinyllm.lab.view.Notebook;
import tinyllm.lab.view.Rich;
import tinyllm.tensor.Tensor;

/**
 * All calls of the notebook kernel. JJava finds this class by its service file and installs it at start: default imports,
 * renderers, the {@link Notebook} of this process, and the model that begins to load.
 *
 * <p>An exception in {@code install} would end the kernel, and an error in a renderer would hang it for good: nothing is let
 * out of either.
 */
public final class JJavaExtension implements Extension {

    private static final long SAY_NANOS = 300_000_000L;

    @Override
    public void install(BaseKernel kernel) {
        try {
            kernel.evalBuilder(Imports.source()).resolveMagics().eval();
            renderers(kernel.getRenderer());
            if (kernel instanceof JavaKernel java) {
                Notebook.use(new KernelNotebook(java));
                sayWhenEnding(java);
            }
            if (!"0".equals(System.getenv("TINYLLM_PRELOAD"))) {
                Lab.preload();
            }
        } catch (Throwable t) {
            System.err.println("The Tiny LLM Lab is not ready in this kernel: " + t);
        }
    }

    /** System.exit in a cell ends the kernel: the cell says so before it is gone. */
    private static void sayWhenEnding(JavaKernel kernel) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (kernel.getIO().isAttached()) {
                kernel.getIO()
                        .err
                        .println(
                                "The Java kernel ends here, by System.exit or from outside. All variables are lost, your"
                                        + " progress is kept: restart the kernel and run the cells above again.");
                kernel.getIO().err.flush();
                LockSupport.parkNanos(SAY_NANOS);
            }
        }));
    }

    private static void renderers(Renderer renderer) {
        register(renderer, Rich.class, rich -> rich);
        register(renderer, Table.class, Tables::rich);
        register(renderer, Tensor.class, JJavaExtension::text);
        register(renderer, Object.class, JJavaExtension::text);
    }

    private static <T> void register(Renderer renderer, Class<T> type, Function<T, Rich> toRich) {
        renderer.createRegistration(type)
                .preferring(MIMEType.TEXT_HTML, MIMEType.IMAGE_PNG, MIMEType.TEXT_PLAIN)
                .register((value, context) -> fill(context.getOutputContainer(), () -> toRich.apply(value)));
    }

    private interface Source {
        Rich get();
    }

    private static DisplayData data(Rich value) {
        DisplayData data = new DisplayData();
        fill(data, () -> value);
        return data;
    }

    /** Puts every form of the value into the data; whatever goes wrong becomes a line of text. */
    private static void fill(DisplayData data, Source source) {
        try {
            Rich value = source.get();
            String html = value.html();
            image(data, MIMEType.IMAGE_PNG, value.png(), value.width());
            image(data, MIMEType.IMAGE_GIF, value.gif(), value.width());
            if (html != null) {
                data.putHTML(html);
            }
            data.putText(value.text());
        } catch (Throwable t) {
            data.putText("This value can't be shown: " + describe(t));
        }
    }

    private static void image(DisplayData data, MIMEType type, byte @Nullable [] bytes, int width) {
        if (bytes != null) {
            data.putData(type, Base64.getEncoder().encodeToString(bytes));
            if (width > 0) {
                data.putMetaData(type, Map.of("width", width));
            }
        }
    }

    private static Rich text(Object value) {
        String text = String.valueOf(value);
        return () -> text;
    }

    private static String describe(Throwable t) {
        try {
            return t.toString();
        } catch (Throwable worse) {
            return t.getClass().getName();
        }
    }

    /** Shows results through the kernel; without a cell that runs, as text. */
    private record KernelNotebook(JavaKernel kernel) implements Notebook {

        @Override
        public void display(Rich value) {
            try {
                kernel.display(data(value));
            } catch (Throwable t) {
                System.out.println(value.text());
            }
        }

        @Override
        public String displayUpdatable(Rich value) {
            DisplayData data = data(value);
            String id = java.util.UUID.randomUUID().toString();
            data.setDisplayId(id);
            kernel.display(data);
            return id;
        }

        @Override
        public void update(String id, Rich value) {
            kernel.getIO().display.updateDisplay(id, data(value));
        }

        @Override
        public boolean updatesInPlace() {
            return true;
        }

        @Override
        public List<String> snippets() {
            return kernel.getJShell()
                    .snippets()
                    .filter(snippet -> kernel.getJShell().status(snippet).isActive())
                    .map(Snippet::source)
                    .toList();
        }
    }
}
