package tinyllm.lab.view;

import java.util.List;
import java.util.Objects;

/**
 * Where results appear. The kernel's adapter installs itself at start; without a kernel results are printed as text.
 */
public interface Notebook {

    /** Shows a value below the cell. */
    void display(Rich value);

    /** Shows a value that {@link #update} can replace; returns its id. */
    String displayUpdatable(Rich value);

    /** Replaces what {@link #displayUpdatable} showed. */
    void update(String id, Rich value);

    /** Whether {@link #update} replaces in place; if not, callers print instead. */
    boolean updatesInPlace();

    /** The sources of the live snippets of this session, oldest first; empty without a kernel. */
    List<String> snippets();

    /**
     * What the compiler has against a cell's class that the kernel took all the same, such as "cannot find symbol: variable
     * sum"; empty when nothing is wrong with it, and without a kernel.
     *
     * @param type the simple name of the class
     */
    default List<String> unresolved(String type) {
        return List.of();
    }

    /** The notebook of this process: the kernel's, or the terminal. */
    static Notebook current() {
        return Current.notebook;
    }

    /** Installs the notebook of this process, and returns the one before. */
    static Notebook use(Notebook notebook) {
        Notebook before = Current.notebook;
        Current.notebook = Objects.requireNonNull(notebook, "notebook");
        return before;
    }

    /** Holder of the one notebook of this process; written by {@link #use} alone. */
    final class Current {
        private static volatile Notebook notebook = new Terminal();

        private Current() {}
    }

    /** Prints the plain-text form. */
    final class Terminal implements Notebook {
        @Override
        public void display(Rich value) {
            System.out.println(value.text());
        }

        @Override
        public String displayUpdatable(Rich value) {
            display(value);
            return "";
        }

        @Override
        public void update(String id, Rich value) {
            display(value);
        }

        @Override
        public boolean updatesInPlace() {
            return false;
        }

        @Override
        public List<String> snippets() {
            return List.of();
        }
    }
}
