package tinyllm.lab.kernel;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import tech.tablesaw.api.Table;
import tinyllm.engine.StepReport;
import tinyllm.lab.Lab;
import tinyllm.lab.StepView;
import tinyllm.lab.Tables;
import tinyllm.lab.view.Notebook;
import tinyllm.lab.view.Rich;
import tinyllm.tensor.Tensor;

/** What every kernel gets at its start: renderers, the {@link Notebook} of this process, and the model that begins to load. */
final class LabKernel {

    private static final long SAY_NANOS = 300_000_000L;

    private LabKernel() {}

    static void install(Kernel kernel) {
        kernel.renderer(Rich.class, rich -> rich);
        kernel.renderer(Table.class, Tables::rich);
        kernel.renderer(StepReport.class, StepView::of);
        kernel.renderer(Tensor.class, LabKernel::text);
        kernel.renderer(Object.class, LabKernel::text);
        Notebook.use(new KernelNotebook(kernel));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> sayEnding(kernel)));
        CellNotes notes = new CellNotes(kernel);
        notes.start();
        FormerKernel.ofThisProcess().tellTo(notes);
        if (!"0".equals(System.getenv("TINYLLM_PRELOAD"))) {
            Lab.preload();
        }
    }

    /** System.exit in a cell ends the kernel: the cell says so before it is gone. */
    private static void sayEnding(Kernel kernel) {
        kernel.warn(
                "The Java kernel ends here, by System.exit or from outside. All variables are lost, your progress is kept:"
                        + " restart the kernel and run the cells above again.");
        LockSupport.parkNanos(SAY_NANOS);
    }

    private static Rich text(Object value) {
        String text = String.valueOf(value);
        return () -> text;
    }

    /** Shows results through the kernel; without a cell that runs, as text. */
    private record KernelNotebook(Kernel kernel) implements Notebook {

        @Override
        public void display(Rich value) {
            try {
                kernel.display(value, null);
            } catch (Throwable t) {
                System.out.println(value.text());
            }
        }

        @Override
        public String displayUpdatable(Rich value) {
            String id = UUID.randomUUID().toString();
            kernel.display(value, id);
            return id;
        }

        @Override
        public void update(String id, Rich value) {
            kernel.update(id, value);
        }

        @Override
        public boolean updatesInPlace() {
            return true;
        }

        @Override
        public List<String> snippets() {
            return kernel.snippets();
        }

        @Override
        public List<String> unresolved(String type) {
            return kernel.unresolved(type);
        }
    }
}
