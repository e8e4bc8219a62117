package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.lab.check.TodoException;
import tinyllm.lab.view.Notebook;
import tinyllm.lab.view.Rich;
import tinyllm.nn.Softmax;
import tinyllm.nn.SoftmaxFn;
import tinyllm.tensor.Tensor;

/** What a learner's evening does: stub, wrong, hints, right, solution, progress. */
class SessionTest {

    @TempDir
    Path root;

    private final List<Rich> shown = new ArrayList<>();
    private final List<String> snippets = new ArrayList<>();
    private Notebook before;
    private Session session;

    static final class Right implements SoftmaxFn {
        @Override
        public Tensor softmax(Tensor scores) {
            Tensor e = scores.sub(scores.maxKeep(-1)).exp();
            return e.div(e.sumKeep(-1));
        }
    }

    @BeforeEach
    void begin() throws IOException {
        Files.createDirectories(root.resolve("notebooks/src"));
        Files.writeString(root.resolve("notebooks/src/11-attention.java"), """
                // %% [markdown]
                // # Attention

                // %% tags=["exercise"] exercise="1.1 softmax"
                class MySoftmax implements SoftmaxFn {
                    public Tensor softmax(Tensor x) {
                        // BEGIN SOLUTION exp and divide
                        return x.exp();
                        // END SOLUTION
                    }
                }

                // %%
                check("1.1 softmax", MySoftmax::new);
                """);
        session = new Session(new Workplace(Map.of("TINYLLM_ROOT", root.toString()), Path.of("/")));
        before = Notebook.use(new Notebook() {
            @Override
            public void display(Rich value) {
                shown.add(value);
            }

            @Override
            public String displayUpdatable(Rich value) {
                shown.add(value);
                return "id";
            }

            @Override
            public void update(String id, Rich value) {
                shown.add(value);
            }

            @Override
            public boolean updatesInPlace() {
                return true;
            }

            @Override
            public List<String> snippets() {
                return snippets;
            }
        });
    }

    @AfterEach
    void end() {
        Notebook.use(before);
    }

    private String last() {
        return shown.getLast().text();
    }

    @Test
    void aStubIsNoAttempt() {
        session.check("1.1 softmax", () -> (SoftmaxFn) x -> {
            throw new TodoException("write it");
        });

        assertThat(last()).startsWith("○");
        assertThat(session.progressTable().text()).contains("○ 1.1 softmax          not tried yet");
    }

    @Test
    void aWrongTensorIsShownBesideTheRightOne() {
        session.check(
                "1.1 softmax", () -> (SoftmaxFn) x -> new Right().softmax(x).mul(2));

        assertThat(shown.getFirst().text()).startsWith("✘");
        assertThat(last()).contains("Case \"five rows of three\": all 5 rows", "yours − expected");
        assertThat(shown.getLast().html()).contains("data:image/png;base64,", "As numbers");
        assertThat(session.progressTable().text()).contains("✘ 1.1 softmax", "1 attempts");
    }

    @Test
    void aRightAnswerIsKeptWithWhatItNeeds() throws IOException {
        snippets.addAll(List.of(
                "import java.util.*;",
                "import tinyllm.nn.*;",
                "import tinyllm.tensor.*;",
                "Tensor old(Tensor x) { return x; }",
                "class Right implements SoftmaxFn { /* first try */ }",
                "Tensor helper(Tensor x) {\n return x.exp(); }",
                "class Right implements SoftmaxFn { public Tensor softmax(Tensor x) { return helper(x); } }",
                "check(\"1.1 softmax\", Right::new);"));
        session.check("1.1 softmax", Right::new);

        assertThat(last()).startsWith("✔ 1.1 softmax: correct");
        assertThat(root.resolve("notebooks/my/src/C1_1_Softmax.java"))
                .content()
                .contains("import tinyllm.nn.*;", "static Tensor helper", "return helper(x)", "ANSWER = Right::new;")
                .doesNotContain("import java.util", "first try", "old(", "check(");
        assertThat(session.progressTable().text()).startsWith("1 of ").contains("✔ 1.1 softmax");
        assertThat(root.resolve("notebooks/my/progress.json")).exists();
    }

    @Test
    void theLibrarysOwnIsNotSolved() {
        session.check("1.1 softmax", Softmax::new);

        assertThat(session.progressTable().text()).contains("◐ 1.1 softmax          the library's own");
        assertThat(root.resolve("notebooks/my/src/C1_1_Softmax.java")).doesNotExist();
    }

    @Test
    void hintsComeOneByOne() {
        session.hint("1.1 softmax");
        assertThat(last()).startsWith("Hint 1 of 3");
        session.hint("1.1 softmax");
        session.hint("1.1 softmax");
        assertThat(last()).startsWith("Hint 3 of 3").doesNotContain("last hint");
        session.hint("1.1 softmax");
        assertThat(last()).startsWith("Hint 3 of 3").contains("last hint", "solution(\"1.1 softmax\")");
    }

    @Test
    void theSolutionIsTheChaptersCell() {
        session.solution("1.1 softmax");

        assertThat(last())
                .startsWith("class MySoftmax")
                .contains("return x.exp();")
                .doesNotContain("SOLUTION", "check(");
    }

    @Test
    void aSolutionThatIsNotThereIsSaid() {
        session.solution("1.1 attention");

        assertThat(last()).contains("can't be found");
    }

    @Test
    void guessesAreKept() {
        session.predict("2.1", 24, "MB");

        assertThat(new Session(new Workplace(Map.of("TINYLLM_ROOT", root.toString()), Path.of("/"))).prediction("2.1"))
                .get()
                .hasToString("Prediction[guess=24.0, unit=MB]");
        assertThatThrownBy(() -> session.predict("2.1", Double.NaN, "MB")).hasMessageContaining("finite");
    }

    @Test
    void aQuestionMarkIsNoGuessAndNoError() {
        session.predict("2.1", "?", "MB");
        assertThat(last()).contains("Type your guess (MB)", "goes on all the same");
        assertThat(session.prediction("2.1")).isEmpty();
        session.predict("2.1", "about 20", "MB");
        assertThat(last()).contains("\"about 20\" is no number");
        session.predict("2.1", "2,5", "MB");
        assertThat(session.prediction("2.1").orElseThrow().guess()).isEqualTo(2.5);
        session.predict("2.1", "?", "MB");
        assertThat(last()).startsWith("Your guess so far: 2.5 MB.");
    }

    @Test
    void progressThatCannotBeKeptDoesNotHideTheVerdict() throws IOException {
        Files.createDirectories(root.resolve("notebooks/my"));
        Files.createDirectories(root.resolve("notebooks/my/progress.json"));
        session.check("1.1 softmax", Right::new);

        assertThat(shown.getFirst().text()).startsWith("✔");
        assertThat(last()).contains("not kept");
    }

    @Test
    void theWorkplaceIsFoundFromBelow() {
        Workplace below = new Workplace(Map.of(), root.resolve("notebooks/my/deep"));

        assertThat(below.root()).contains(root);
        assertThat(below.progress()).isEqualTo(root.resolve("notebooks/my/progress.json"));
        assertThat(new Workplace(Map.of("TINYLLM_PROGRESS", "/x/p.json"), root).progress())
                .isEqualTo(Path.of("/x/p.json"));
        assertThat(new Workplace(Map.of("TINYLLM_NOTEBOOKS", "/n/my"), root).mine())
                .isEqualTo(Path.of("/n/my"));
    }

    @Test
    void theModelsNameComesFromTheEnvironment() {
        assertThat(DefaultModel.name(Map.of())).isEqualTo("qwen2.5-coder-0.5b");
        assertThat(DefaultModel.name(Map.of("TINYLLM_QUICK", "1"))).isEqualTo("smollm2-135m");
        assertThat(DefaultModel.name(Map.of("TINYLLM_QUICK", "1", "TINYLLM_MODEL", "qwen3-0.6b")))
                .isEqualTo("qwen3-0.6b");
    }
}
