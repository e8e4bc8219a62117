package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.course.Mine;
import tinyllm.engine.Generator;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.grade.Answers;
import tinyllm.lab.grade.Guard;
import tinyllm.lab.view.Notebook;
import tinyllm.lab.view.Rich;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.Verdict;

/** Solved exercises become parts of a model; what is broken is said, and the library's stands in. */
@Tag("slow") // starts processes
class MineSourceTest {

    private static final Path TINY =
            Path.of("..", "core", "src", "test", "resources", "checkpoints", "qwen2-tied-bf16");
    private static final String RIGHT =
            Answers.softmax("Tensor e = s.sub(s.maxKeep(-1)).exp(); return e.div(e.sumKeep(-1));");

    /** Right in every case of the check, and it leaves a trace. */
    private static final String TOPK = """
            import tinyllm.sampling.*;
            import tinyllm.tensor.*;
            public final class C1_7_TopK {
                public static final java.util.function.Supplier<? extends TopKFn> ANSWER = () -> (logits, k) -> {
                    System.setProperty("tinyllm.test.topk", "ran");
                    Tensor rank = logits.neg().argsort(-1).argsort(-1);
                    return Tensor.where(rank.lt(k), logits, Tensor.scalar(Double.NEGATIVE_INFINITY));
                };
            }
            """;

    @TempDir
    Path my;

    private MineSource source() {
        return new MineSource(
                new Workplace(Map.of("TINYLLM_NOTEBOOKS", my.toString()), my),
                new Guard(new Guard.Limits(Duration.ofSeconds(20), 1L << 30)));
    }

    private void keep(String id, String source) throws IOException {
        Answers.keep(my.resolve("src"), Exercises.get(id), source);
    }

    private static @Nullable Object own(Mine mine, String id) {
        return mine.pieces().stream()
                .filter(piece -> piece.exercise().equals(id))
                .findFirst()
                .orElseThrow()
                .own();
    }

    @Test
    void nothingSolvedIsAllTheLibrarys() {
        Mine mine = source().load();

        assertThat(mine.lines()).hasSize(2).first().isEqualTo("yours: none");
        assertThat(mine.lines().get(1)).contains("1.1 softmax, 1.1 weights").doesNotContain("warm-up");
        assertThat(Files.exists(my.resolve(".passed"))).isFalse();
    }

    @Test
    void everyPartThatIsThereComputesAndTheRestIsSaid() throws IOException {
        keep("1.1 softmax", RIGHT);
        keep("1.7 top-k", TOPK);
        keep("1.4 silu", "public class C1_4_Silu { Gone x; }");
        keep("1.4 rmsnorm", """
                public class C1_4_Rmsnorm {
                    public static final java.util.function.Supplier<? extends tinyllm.nn.NormFn> ANSWER =
                            () -> (x, w, eps) -> { System.exit(0); return x; };
                }
                """);
        Mine mine = source().load();

        assertThat(mine.lines().getFirst()).isEqualTo("yours: 1.1 softmax, 1.7 top-k");
        assertThat(String.join("\n", mine.lines()))
                .contains(
                        "1.4 silu: your C1_4_Silu.java is left out, it does not compile: line 1: cannot find symbol class Gone")
                .contains(
                        "1.4 rmsnorm: your C1_4_Rmsnorm.java is left out, it crashed in its check: The answer ended its process")
                .contains("The library's stands in.");
        CausalLm model = Models.load(TINY.toString());
        assertThat(model.with(mine).parts().owners()).containsExactly("SoftmaxFn: Mine");
        SamplingParams params = new SamplingParams(1, 4, 1, 0, 1, 7);
        int[] prompt = {3, 4, 5};
        List<Integer> library =
                new Generator(model).complete(prompt, params, 4, piece -> {}).tokens();
        assertThat(System.clearProperty("tinyllm.test.topk")).isNull();
        List<Integer> own = new Generator(model)
                .with(mine)
                .complete(prompt, params, 4, piece -> {})
                .tokens();
        assertThat(System.clearProperty("tinyllm.test.topk")).isEqualTo("ran");
        assertThat(own).isEqualTo(library);
    }

    @Test
    void aPassedAnswerIsNotCheckedAgainUntilItChanges() throws IOException {
        keep("1.1 softmax", RIGHT);
        assertThat(own(source().load(), "1.1 softmax")).isNotNull();
        FileTime first = Files.getLastModifiedTime(my.resolve(".passed"));
        long begun = System.nanoTime();
        assertThat(own(source().load(), "1.1 softmax")).isNotNull();
        assertThat(Files.getLastModifiedTime(my.resolve(".passed"))).isEqualTo(first);
        assertThat(System.nanoTime() - begun).as("no process was started").isLessThan(20_000_000_000L);

        keep("1.1 softmax", RIGHT.replace("s.sub(s.maxKeep(-1))", "s"));
        Mine changed = source().load();
        assertThat(own(changed, "1.1 softmax")).isNull();
        assertThat(changed.lines().getLast()).contains("it no longer passes its check", "Subtract each row's maximum");
    }

    /** Half of an interface is asked for first: the library's does the other half. */
    @Test
    void aHalfIsMadeWhole() throws IOException {
        keep("1.2 rope", """
                public class C1_2_Rope {
                    public static final java.util.function.Supplier<? extends tinyllm.nn.RopeFn> ANSWER = () ->
                            (x, offset, theta, traditional) -> {
                                if (traditional) throw new IllegalStateException("never asked for");
                                int half = x.dim(-1) / 2;
                                var speeds = tinyllm.tensor.Tensor.arange(half).astype(tinyllm.tensor.DType.F32).mul(-2.0 / x.dim(-1) * Math.log(theta)).exp();
                                var angle = tinyllm.tensor.Tensor.arange(x.dim(-2)).add(offset).astype(tinyllm.tensor.DType.F32).reshape(x.dim(-2), 1).mul(speeds);
                                var a = x.slice(-1, 0, half);
                                var b = x.slice(-1, half, 2 * half);
                                return tinyllm.tensor.Tensor.concat(-1, a.mul(angle.cos()).sub(b.mul(angle.sin())),
                                        a.mul(angle.sin()).add(b.mul(angle.cos()))).astype(x.dtype());
                            };
                }
                """);
        Mine mine = source().load();

        assertThat(mine.lines().getFirst()).as(mine.toString()).isEqualTo("yours: 1.2 rope");
        String llama = TINY.resolveSibling("llama-gguf").resolve("model.gguf").toString();
        CausalLm model = Models.load(llama); // its checkpoint pairs neighbours
        int[] tokens = {3, 4, 5};
        assertThat(Verdict.compare(model.logits(tokens), model.with(mine).logits(tokens))
                        .ok())
                .isTrue();
    }

    @Test
    void whoseIsWhoseIsShown() {
        List<Rich> shown = new ArrayList<>();
        Notebook terminal = Notebook.current();
        Notebook.use(new Recorder(shown));
        try {
            source().show(List.of("yours: <1.1>", "the library's: none"));
        } finally {
            Notebook.use(terminal);
        }
        assertThat(shown).singleElement().satisfies(value -> {
            assertThat(value.text()).isEqualTo("yours: <1.1>\nthe library's: none");
            assertThat(value.html()).contains("&lt;1.1&gt;");
        });
    }

    @Test
    void theServiceIsFound() {
        assertThat(Mine.load().pieces()).isNotEmpty();
    }

    private record Recorder(List<Rich> shown) implements Notebook {
        @Override
        public void display(Rich value) {
            shown.add(value);
        }

        @Override
        public String displayUpdatable(Rich value) {
            return "";
        }

        @Override
        public void update(String id, Rich value) {}

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
