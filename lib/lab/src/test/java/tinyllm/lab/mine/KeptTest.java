package tinyllm.lab.mine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.lab.check.Check;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Outcome;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.kernel.Imports;

/** A session's snippets become one Java file that compiles by itself and passes the check again. */
@Tag("slow")
class KeptTest {

    private static final Exercise<?> SOFTMAX = Exercises.get("1.1 softmax");
    private static final String RIGHT =
            "class MySoftmax implements SoftmaxFn {\n    public Tensor softmax(Tensor s) {\n        Tensor e ="
                    + " s.sub(s.maxKeep(-1)).exp();\n        return e.div(e.sumKeep(-1));\n    }\n}";

    @TempDir
    Path folder;

    private Kept kept() {
        return new Kept(folder.resolve("my/src"));
    }

    private String keep(String... snippets) throws IOException {
        return keep(SOFTMAX, snippets);
    }

    private String keep(Exercise<?> exercise, String... snippets) throws IOException {
        List<String> session = new ArrayList<>(Imports.source().lines().toList());
        session.addAll(List.of(snippets));
        assertThat(kept().keep(exercise, session, Optional.empty())).isEmpty();
        return Files.readString(kept().file(exercise));
    }

    private CheckResult again(Exercise<?> exercise) throws Compiled.Broken {
        return new Check<>(exercise, Duration.ofSeconds(60)).run(Compiled.file(kept().file(exercise))::answer);
    }

    @Test
    void aClassAloneIsKeptAsItStands() throws Exception {
        String source = keep(RIGHT, "check(\"1.1 softmax\", MySoftmax::new)");

        assertThat(source)
                .startsWith("// Your answer to \"1.1 softmax\"")
                .contains("public final class C1_1_Softmax {", "ANSWER = MySoftmax::new;")
                .contains(
                        "    static class MySoftmax implements SoftmaxFn {\n        public Tensor softmax(Tensor s) {")
                .contains("import tinyllm.nn.*;", "import tinyllm.tensor.*;")
                .doesNotContain("java.util.stream", "Lab");
        assertThat(again(SOFTMAX).outcome()).isEqualTo(Outcome.CORRECT);
        assertThat(kept().answers()).singleElement().matches(answer -> answer.exercise() == SOFTMAX);
    }

    @Test
    void everythingTheClassNeedsComesAlongAndNothingElse() throws Exception {
        String source = keep(
                "var maps = AttentionMaps.of(model(), \"a long run\");",
                "int layer = 5",
                "double base = Math.E;",
                "var names = new ArrayList<Map<String, Integer>>();",
                "import java.util.concurrent.ThreadLocalRandom;",
                "record Parts2(Tensor top, Tensor bottom) {}",
                "enum Axis { LAST; int number() { return -1; } }",
                "interface Step { Parts2 of(Tensor s); }",
                "/** Shifts. */\nTensor shift(Tensor s) { names.add(Map.of(\"layer\", 1)); return s.sub(s.maxKeep(Axis.LAST.number())); }",
                "Tensor shift(Tensor s, int twice) { return shift(shift(s)); }",
                "Tensor unused(Tensor s) { return s; }",
                "abstract class Base implements SoftmaxFn, Step { public Tensor softmax(Tensor s) { int layer = 1; Parts2 p = of(shift(s, 2)); return p.top().div(p.bottom()); } }",
                "final class Mine extends Base { public Parts2 of(Tensor s) { Tensor maps = s.exp(); return new Parts2(maps.mul(base / Math.E), maps.sumKeep(-1)); } }",
                "check(\"1.1 softmax\", Mine::new)",
                "show(names)");

        assertThat(source)
                .contains(
                        "static double base",
                        "record Parts2",
                        "enum Axis",
                        "interface Step",
                        "/** Shifts. */",
                        "static Tensor shift(Tensor s)",
                        "static Tensor shift(Tensor s, int twice)",
                        "abstract static class Base",
                        "final static class Mine",
                        "ArrayList<java.util.Map<java.lang.String,java.lang.Integer>> names",
                        "import java.util.*;")
                .doesNotContain("AttentionMaps", "static int layer", "unused", "ThreadLocalRandom", "show(");
        assertThat(again(SOFTMAX).outcome()).isEqualTo(Outcome.CORRECT);
    }

    @Test
    void theLearnersNameBeatsTheLibrarys() throws Exception {
        keep(RIGHT.replace("MySoftmax", "Softmax"), "check(\"1.1 softmax\", Softmax::new)");

        assertThat(again(SOFTMAX).outcome()).isEqualTo(Outcome.CORRECT);
    }

    @Test
    void theNewestDeclarationAndTheLastCheckCount() throws Exception {
        String source = keep(
                "class MySoftmax implements SoftmaxFn { public Tensor softmax(Tensor s) { return old(s); } }",
                "check(\"1.1 softmax\", Other::new)",
                RIGHT,
                "check(\"1.1 softmax\", () -> new MySoftmax())",
                "check(\"1.1 weights\", Other::new)");

        assertThat(source).contains("ANSWER = () -> new MySoftmax();").doesNotContain("old(");
        assertThat(again(SOFTMAX).outcome()).isEqualTo(Outcome.CORRECT);
    }

    @Test
    void aLambdaIsAnAnswerToo() throws Exception {
        keep(
                "Tensor mine(Tensor s) { Tensor e = s.sub(s.maxKeep(-1)).exp(); return e.div(e.sumKeep(-1)); }",
                "check(\"1.1 softmax\", () -> (SoftmaxFn) s -> mine(s))");

        assertThat(again(SOFTMAX).outcome()).isEqualTo(Outcome.CORRECT);
    }

    @Test
    void textBlocksStayWhatTheyAre() throws Exception {
        String source = keep(
                "String note = \"\"\"\n    two\n      four\n    \"\"\";",
                "Object look = note.equals(\"two\\n  four\\n\") ? 1 : Integer.parseInt(\"changed\");",
                RIGHT.replace("Tensor e =", "look.hashCode(); Tensor e ="),
                "check(\"1.1 softmax\", MySoftmax::new)");

        assertThat(source).contains("four");
        assertThat(again(SOFTMAX).outcome()).isEqualTo(Outcome.CORRECT);
    }

    @Test
    void withoutACheckInTheSessionTheClassIsMadeByName() throws Exception {
        assertThat(kept().keep(SOFTMAX, List.of(Imports.source(), RIGHT), Optional.of("MySoftmax")))
                .isEmpty();
        assertThat(again(SOFTMAX).outcome()).isEqualTo(Outcome.CORRECT);
    }

    @Test
    void whatCannotBeKeptIsSaidAndTheOldFileStays() throws Exception {
        String before = keep(RIGHT, "check(\"1.1 softmax\", MySoftmax::new)");
        Optional<String> problem = kept().keep(
                        SOFTMAX,
                        List.of(
                                Imports.source(),
                                RIGHT.replace("s.sub", "missing.sub"),
                                "check(\"1.1 softmax\", MySoftmax::new)"),
                        Optional.empty());

        assertThat(problem).get().asString().contains("cannot find symbol", "missing");
        assertThat(kept().file(SOFTMAX)).hasContent(before);
        assertThat(kept().keep(SOFTMAX, List.of(), Optional.of("MySoftmax"))).isEmpty();
    }

    @Test
    void whatAnAnswerReplacesIsPutAway() throws Exception {
        keep(RIGHT, "check(\"1.1 softmax\", MySoftmax::new)");
        Files.writeString(kept().file(SOFTMAX), "edited in an IDE");
        keep(RIGHT, "check(\"1.1 softmax\", MySoftmax::new)");
        keep(RIGHT, "check(\"1.1 softmax\", MySoftmax::new)");

        try (Stream<Path> old = Files.list(folder.resolve("my/old"))) {
            assertThat(old.toList())
                    .singleElement()
                    .satisfies(file -> assertThat(file).hasContent("edited in an IDE"));
        }
    }

    @Test
    void aFileThatIsNoAnswerSaysWhatItNeeds() throws Exception {
        Files.createDirectories(kept().folder());
        Files.writeString(kept().file(SOFTMAX), "public class C1_1_Softmax {}");
        assertThatThrownBy(() -> Compiled.file(kept().file(SOFTMAX)).answer()).hasMessageContaining("ANSWER");
        Files.writeString(kept().file(SOFTMAX), "public class C1_1_Softmax {\n  int x = y;\n}");
        assertThatThrownBy(() -> Compiled.file(kept().file(SOFTMAX)))
                .hasMessageContaining("line 2: cannot find symbol variable y, in \"int x = y;\"");
        Files.write(kept().file(SOFTMAX), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThatThrownBy(() -> Compiled.file(kept().file(SOFTMAX))).hasMessageContaining("UTF-8");
    }

    @Test
    void namesAreJavaNames() {
        assertThat(Exercises.all().stream().map(KeptSource::className))
                .doesNotHaveDuplicates()
                .allMatch(javax.lang.model.SourceVersion::isName)
                .contains("C0_WarmUp", "C1_1_MultiHead", "C1_5_Qwen3");
    }
}
