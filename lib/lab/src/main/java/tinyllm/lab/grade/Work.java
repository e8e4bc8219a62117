package tinyllm.lab.grade;

import tinyllm.lab.check.Exercise;
import tinyllm.lab.mine.Compiled;

/** One exercise to be checked, in the guarded process. */
interface Work {

    Exercise<?> exercise();

    /**
     * The answer, compiled; its code does not run yet.
     *
     * @throws Unrun when there is nothing to run
     */
    Compiled compile() throws Unrun;

    /** Why there is nothing to run, and the verdict that follows. */
    final class Unrun extends Exception {
        private static final long serialVersionUID = 1;

        private final Mark mark;

        Unrun(Mark mark, String message) {
            super(message);
            this.mark = mark;
        }

        Mark mark() {
            return mark;
        }
    }
}
