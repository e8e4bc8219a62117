package tinyllm.lab.grade;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Students' notebooks are graded without being run, and a bad one does not stop the others. */
@Tag("slow") // starts processes
class GraderTest {

    private static final Guard GUARD = new Guard(new Guard.Limits(Duration.ofSeconds(20), 1L << 30));
    private static final Path NOTEBOOKS = Path.of("..", "..", "notebooks");
    private static final String SOFTMAX = """
            // my softmax
            Tensor shifted(Tensor s) { return s.sub(s.maxKeep(-1)); }
            class MySoftmax implements SoftmaxFn {
                public Tensor softmax(Tensor s) { Tensor e = shifted(s).exp(); return e.div(e.sumKeep(-1)); }
            }""";
    private static final String CHECK = "check(\"1.1 softmax\", MySoftmax::new)";

    @TempDir
    Path folder;

    private record Cell(String exercise, String source) {}

    private static Cell exercise(String source) {
        return new Cell("1.1 softmax", source);
    }

    private static Cell plain(String source) {
        return new Cell("", source);
    }

    private Path notebook(String name, Cell... cells) throws IOException {
        List<Map<String, Object>> all = new ArrayList<>();
        all.add(Map.of("cell_type", "markdown", "metadata", Map.of(), "source", "class Prose {"));
        Arrays.stream(cells)
                .forEach(cell -> all.add(Map.of(
                        "cell_type",
                        "code",
                        "metadata",
                        cell.exercise().isEmpty() ? Map.of() : Map.of("exercise", cell.exercise()),
                        "source",
                        cell.source().lines().map(line -> line + "\n").toList())));
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(
                file, JsonMapper.shared().writeValueAsBytes(Map.of("cells", all, "nbformat", 4, "metadata", Map.of())));
        return file;
    }

    private Finding softmax(Cell... cells) throws IOException {
        Guard.Report report = GUARD.notebook(notebook("one.ipynb", cells));
        assertThat(report.problem()).isEmpty();
        assertThat(report.findings().stream().map(Finding::id))
                .containsExactly("1.1 softmax", "1.1 weights", "1.1 attention", "1.1 multi-head");
        assertThat(report.findings().subList(1, 4)).allMatch(finding -> finding.mark() == Mark.NOT_ATTEMPTED);
        return report.findings().getFirst();
    }

    @Test
    void cellsAreReadAndNotRun() throws IOException {
        Path trace = folder.resolve("ran");
        Finding finding = softmax(
                plain("var maps = AttentionMaps.of(model(), \"x\");\nmaps"),
                plain("%maven some:thing:1\njava.nio.file.Files.writeString(java.nio.file.Path.of(\"" + trace
                        + "\"), \"x\")"),
                exercise(SOFTMAX),
                plain(CHECK));

        assertThat(finding.mark()).as(finding.message()).isEqualTo(Mark.CORRECT);
        assertThat(trace).doesNotExist();
    }

    @Test
    void theCheckMayBeDeletedAndTheMetadataToo() throws IOException {
        assertThat(softmax(exercise(SOFTMAX)).mark()).isEqualTo(Mark.CORRECT);
        assertThat(softmax(plain(SOFTMAX), plain(CHECK + ";")).mark()).isEqualTo(Mark.CORRECT);
    }

    @Test
    void aBrokenCellSaysWhatTheCompilerSays() throws IOException {
        Finding open = softmax(
                exercise("class MySoftmax implements SoftmaxFn {\n  public Tensor softmax(Tensor s) { return s }\n}"),
                plain(CHECK));
        assertThat(open.mark()).isEqualTo(Mark.UNCHECKABLE);
        assertThat(open.message()).contains("Its cell is no Java", "line 2", "';' expected");

        Finding unknown = softmax(exercise(SOFTMAX.replace("Tensor e", "Tenser e")), plain(CHECK));
        assertThat(unknown.mark()).isEqualTo(Mark.UNCHECKABLE);
        assertThat(unknown.message()).contains("does not compile", "class Tenser");
    }

    @Test
    void aBrokenCellElsewhereHarmsNobody() throws IOException {
        assertThat(softmax(plain("int x = ;"), plain("class Unfinished {"), exercise(SOFTMAX), plain(CHECK))
                        .mark())
                .isEqualTo(Mark.CORRECT);
    }

    @Test
    void everyKindOfBadNotebookBetweenGoodOnes() throws IOException {
        List<Path> all = List.of(
                notebook("a/good.ipynb", exercise(SOFTMAX), plain(CHECK)),
                Files.writeString(folder.resolve("b.ipynb"), "no JSON {"),
                Files.writeString(folder.resolve("c.ipynb"), "{\"worksheets\": []}"),
                Files.write(folder.resolve("d.ipynb"), new byte[0]),
                Files.writeString(folder.resolve("e.ipynb"), "[".repeat(200_000)),
                notebook("f.ipynb", plain("1 + 1")),
                notebook(
                        "g.ipynb",
                        exercise(SOFTMAX.replace("return e.div", "Runtime.getRuntime().halt(0); return e.div")),
                        plain(CHECK)),
                notebook("h.ipynb", exercise(SOFTMAX), plain(CHECK)));
        assertThat(Grader.notebooks(folder))
                .containsExactlyElementsOf(all.stream().sorted().toList());
        List<Grader.Graded> graded = new Grader(GUARD, 2).grade(all, done -> {});

        assertThat(graded.stream().map(Grader.Graded::notebook)).containsExactlyElementsOf(all);
        assertThat(graded.stream().map(g -> g.report().count(Mark.CORRECT)))
                .containsExactly(1L, 0L, 0L, 0L, 0L, 0L, 0L, 1L);
        assertThat(graded.get(1).report().problem()).contains("no JSON");
        assertThat(graded.get(2).report().problem()).contains("no list of cells");
        assertThat(graded.get(3).report().problem()).isNotEmpty();
        assertThat(graded.get(4).report().problem()).isNotEmpty();
        assertThat(graded.get(5).report()).isEqualTo(new Guard.Report(List.of(), ""));
        assertThat(graded.get(6).report().findings().getFirst().cause()).isEqualTo("exit");
    }

    /** The chapters themselves: what is handed out is not attempted, what is solved is correct, without a model or a picture. */
    @Test
    void startersAndSolvedChapters() {
        boolean all = "1".equals(System.getenv("TINYLLM_LONG"));
        for (String chapter : all
                ? List.of(
                        "00-start-here",
                        "11-attention",
                        "12-rope",
                        "13-grouped-query-attention",
                        "14-rmsnorm-mlp",
                        "15-transformer-block",
                        "16-generate",
                        "17-sampling")
                : List.of("13-grouped-query-attention")) {
            Guard.Report starter = GUARD.notebook(NOTEBOOKS.resolve(chapter + ".ipynb"));
            assertThat(starter.findings()).isNotEmpty().allMatch(finding -> finding.mark() == Mark.NOT_ATTEMPTED);
            Guard.Report solved = GUARD.notebook(NOTEBOOKS.resolve("solved").resolve(chapter + ".ipynb"));
            assertThat(solved.findings()).hasSameSizeAs(starter.findings());
            assertThat(solved.findings())
                    .allSatisfy(finding ->
                            assertThat(finding.mark()).as(finding.toString()).isEqualTo(Mark.CORRECT));
        }
    }

    @Test
    void checkpointsAndSolutionsAreNoHandIns() throws IOException {
        for (String name :
                List.of(".ipynb_checkpoints/x.ipynb", "old/x.ipynb", "solved/x.ipynb", ".hidden.ipynb", "notes.txt")) {
            notebook("class/" + name, plain("1"));
        }
        Path mine = notebook("class/alice/11-attention.ipynb", plain("1"));

        assertThat(Grader.notebooks(folder.resolve("class"))).containsExactly(mine);
        assertThat(Grader.notebooks(mine)).containsExactly(mine);
    }
}
