package tinyllm.lab.grade;

import java.nio.file.Path;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.mine.Compiled;

/** A kept answer. */
record FileWork(Exercise<?> exercise, Path file) implements Work {

    @Override
    public Compiled compile() throws Unrun {
        try {
            return Compiled.file(file);
        } catch (Compiled.Broken e) {
            throw new Unrun(Mark.UNCHECKABLE, e.getMessage() + ".");
        }
    }
}
