package tinyllm.lab.kernel;

import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Notebook;
import tinyllm.tensor.DeviceThread;

/**
 * What the kernel has to say beside a cell's own output: that the kernel before crashed, that an interrupted cell's thread still uses
 * a core, that this cell waits for another's operation. A note waits for the next cell, because what is shown between cells is lost.
 */
final class CellNotes implements DeviceThread.Host {

    private static final long PAUSE_MILLIS = 50;
    private static final long LOOK_NANOS = 1_000_000_000L;

    private final Kernel kernel;
    private final Queue<String> waiting = new ConcurrentLinkedQueue<>();
    private final Set<Thread> told = ConcurrentHashMap.newKeySet();
    private long looked = System.nanoTime();

    CellNotes(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Begins to look after cells, on a thread of its own. */
    void start() {
        DeviceThread.hostedBy(this);
        Thread.ofPlatform().daemon().name("notes for cells").start(this::look);
    }

    /** Shows the note in the cell that runs, or in the next one. */
    void add(String note) {
        waiting.add(note);
    }

    /** Looks twenty times a second whether a cell runs that can show what there is to tell. */
    private void look() {
        while (true) {
            try {
                Thread.sleep(PAUSE_MILLIS);
                if (System.nanoTime() - looked > LOOK_NANOS) {
                    looked = System.nanoTime();
                    strays();
                }
                while (!waiting.isEmpty() && kernel.isAttached()) {
                    Notebook.current().display(Html.of(waiting.remove()));
                }
            } catch (InterruptedException e) {
                return;
            } catch (Throwable t) {
                System.err.println("A note for a cell was lost: " + t);
            }
        }
    }

    /** The threads that go on although their cell is over, each told of once. */
    private void strays() {
        told.removeIf(thread -> !thread.isAlive() || !thread.isInterrupted()); // it may have gone on to another cell
        Thread[] threads = new Thread[Thread.activeCount() + 64];
        int count = rootGroup().enumerate(threads);
        for (int i = 0; i < count; i++) {
            Thread thread = threads[i];
            if (isCell(thread)
                    && thread.isInterrupted()
                    && thread.getState() == Thread.State.RUNNABLE
                    && told.add(thread)) {
                add("The cell that you interrupted does not stop: its thread still uses a core, in "
                        + place(thread)
                        + ". If it does not end by itself, restart the kernel (menu Kernel, Restart Kernel);"
                        + " your progress is kept.");
            }
        }
    }

    private static ThreadGroup rootGroup() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        return group;
    }

    private static String place(Thread thread) {
        StackTraceElement[] trace = thread.getStackTrace();
        return trace.length == 0 || trace[0].getClassName().startsWith("REPL.")
                ? "the cell's own code"
                : trace[0].getClassName() + "." + trace[0].getMethodName();
    }

    private boolean isCell(Thread thread) {
        return thread.getName().startsWith(kernel.cellThreads());
    }

    @Override
    public void waiting(String what, int seconds) {
        if (isCell(Thread.currentThread()) && (seconds == 1 || seconds % 10 == 0)) {
            add("This cell waits, " + seconds + " s so far, until the device is free: " + what
                    + ". An operation of MLX can't be cut short; restarting the kernel would end it.");
        }
    }

    @Override
    public boolean isOver() {
        return Thread.currentThread().isInterrupted() && isCell(Thread.currentThread());
    }
}
