package tinyllm.lab.grade;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.mine.Kept;

/** Kept answers to "1.1 softmax" that do all that learners' code may do. */
public final class Answers {

    public static final Exercise<?> SOFTMAX = Exercises.get("1.1 softmax");

    static final String RIGHT = "Tensor e = s.sub(s.maxKeep(-1)).exp(); return e.div(e.sumKeep(-1));";

    private Answers() {}

    /** The file of an answer whose method has this body. */
    public static String softmax(String body) {
        return """
                import tinyllm.lab.*;
                import tinyllm.nn.*;
                import tinyllm.tensor.*;

                public final class C1_1_Softmax {
                    public static final java.util.function.Supplier<? extends SoftmaxFn> ANSWER = Mine::new;

                    static class Mine implements SoftmaxFn {
                        public Tensor softmax(Tensor s) {
                            %s
                        }
                    }
                }
                """.formatted(body);
    }

    /** Puts a file into the folder of kept answers. */
    public static Kept.Answer keep(Path src, Exercise<?> exercise, String source) throws IOException {
        Files.createDirectories(src);
        Path file = new Kept(src).file(exercise);
        Files.writeString(file, source);
        return new Kept.Answer(exercise, file);
    }

    static Finding check(Guard guard, Path src, String source) throws IOException {
        Guard.Report report = guard.answers(List.of(keep(src, SOFTMAX, source)));
        if (report.findings().size() != 1) {
            throw new AssertionError(report.toString());
        }
        return report.findings().getFirst();
    }
}
