package tinyllm.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.lab.kernel.RealKernel.Cell;
import tinyllm.lab.kernel.RealKernel.Output;

/** What every kernel must do with the lab in it: one real process, cells in the order in which a learner might run them. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
abstract class KernelContract {

    private final KernelForm form;

    private Path folder;

    private RealKernel kernel;

    KernelContract(KernelForm form) {
        this.form = form;
    }

    @BeforeAll
    void start(@TempDir Path folder) throws IOException {
        this.folder = folder;
        kernel = new RealKernel(
                form, folder, Map.of("TINYLLM_NOTEBOOKS", folder.resolve("my").toString(), "TINYLLM_PRELOAD", "0"));
    }

    @AfterAll
    void end() {
        kernel.close();
    }

    @Test
    @Order(1)
    void richValuesAreShownWithoutAnySetUp() {
        Output html = only(kernel.run("new Html(\"<b>hi</b>\", \"hi\")"));
        assertThat(html.data()).containsEntry("text/html", "<b>hi</b>").containsEntry("text/plain", "hi");

        Output picture = only(kernel.run("Charts.heatmap(\"map\", Tensor.eye(3))"));
        assertThat(picture.data().get("image/png")).startsWith("iVBOR");
        assertThat(picture.text()).startsWith("map: 3 × 3 values from 0.00 to 1.00");

        Output table = only(kernel.run("Tables.of(\"t\", Map.of(\"a\", List.of(1, 2)))"));
        assertThat(table.data().get("text/html")).contains("<table", "<td");

        assertThat(only(kernel.run("Tensor.arange(3)")).text()).contains("[3]");
    }

    @Test
    @Order(2)
    void editRunCheck() throws IOException {
        assertThat(kernel.run(softmax("return todo(\"write it\");")).status()).isEqualTo("ok");
        assertThat(check()).startsWith("○ 1.1 softmax: not solved yet");
        kernel.run(softmax("Tensor e = s.exp(); return e.div(e.sumKeep(-1));"));
        assertThat(check()).startsWith("✘ 1.1 softmax: incorrect").contains("Subtract each row's maximum");
        kernel.run(softmax("Tensor e = s.sub(s.maxKeep(-1)).exp(); return e.div(e.sumKeep(-1));"));
        assertThat(check()).startsWith("✔ 1.1 softmax: correct");

        assertThat(kernel.run("progress();").text()).contains("✔ 1.1 softmax", "2 attempts");
        String kept = Files.readString(folder.resolve("my/src/C1_1_Softmax.java"));
        assertThat(kept)
                .contains("static class Mine implements SoftmaxFn", "maxKeep", "ANSWER = Mine::new")
                .doesNotContain("todo(", "org.dflib");
    }

    @Test
    @Order(3)
    void anExceptionIsATraceback() {
        Cell cell = kernel.run("throw new IllegalStateException(\"boom\");");

        assertThat(cell.status()).isEqualTo("error");
        assertThat(cell.text()).contains("boom");
    }

    @Test
    @Order(4)
    void anErrorInARendererDoesNotHang() {
        kernel.run("class Bad { public String toString() { throw new StackOverflowError(\"deep\"); } }");
        assertThat(kernel.run("new Bad()").text()).contains("can't be shown", "deep");
        kernel.run("class Worse implements Rich { public String text() { throw new Error(\"in text\"); } }");
        assertThat(kernel.run("new Worse()").text()).contains("can't be shown", "in text");
        assertThat(kernel.run("1 + 1").text()).isEqualTo("2");
    }

    @Test
    @Order(5)
    void aLiveOutputIsReplacedInPlace() {
        Cell cell = kernel.run("""
            try (Live live = new Live()) {
                for (int i = 0; i <= 10; i++) { live.progress("Training", i, 10); Thread.sleep(50); }
            }\
            """);

        assertThat(cell.outputs().getFirst().type()).isEqualTo("display_data");
        assertThat(cell.outputs().stream().skip(1)).allMatch(o -> o.type().equals("update_display_data"));
        assertThat(cell.outputs())
                .extracting(Output::id)
                .doesNotContain("")
                .containsOnly(cell.outputs().getFirst().id());
        assertThat(cell.outputs()).hasSizeBetween(2, 6);
        assertThat(cell.outputs().getLast().text()).isEqualTo("Training: 10 of 10 (100 %)");
    }

    @Test
    @Order(6)
    void anInterruptStopsACheck() throws InterruptedException {
        kernel.run(softmax("while (!Thread.currentThread().isInterrupted()) { Thread.onSpinWait(); } return s;"));
        String id = kernel.start("check(\"1.1 softmax\", Mine::new);");
        Thread.sleep(1_500);
        long begun = System.nanoTime();
        kernel.interrupt();
        kernel.finish(id);

        assertThat((System.nanoTime() - begun) / 1e9).isLessThan(6);
        assertThat(kernel.run("2 + 2").text()).isEqualTo("4");
    }

    @Test
    @Order(7)
    void foreignTextIsEscaped() {
        Cell cell = kernel.run("show(\"<img src=x onerror=alert(1)> \\u202e\")");

        assertThat(only(cell).data().get("text/html"))
                .contains("&lt;img", "[U+202E]")
                .doesNotContain("<img");
    }

    @Test
    @Order(8)
    void aClassWithASubclassCanBeRedefinedAgainAndAgain() {
        kernel.run("class Base { String text() { return \"v0\"; } }");
        kernel.run("class Sub extends Base { }");
        kernel.run("class Subsub extends Sub { }");
        for (int i = 1; i <= 6; i++) {
            kernel.run("class Base { String text() { return \"v" + i + "\"; } }");
            assertThat(kernel.run("new Base().text() + new Sub().text() + new Subsub().text()")
                            .text())
                    .isEqualTo("v%1$dv%1$dv%1$d", i);
        }
    }

    @Test
    @Order(9)
    void aClassWithAnUnknownNameSaysWhichOne() {
        Cell cell = kernel.run(softmax("Tensor e = s.exp(); return e.div(sum);"));
        assertThat(cell.text()).contains("Mine can't be used before this is mended: cannot find symbol: variable sum.");
        assertThat(check())
                .contains("cannot be checked", "cannot find symbol: variable sum")
                .doesNotContain("SPIResolution");

        assertThat(kernel.run(softmax("return s.mul(\"2\");")).status() + check())
                .doesNotContain("SPIResolution");
        assertThat(kernel.run("check(\"1.1 softmax\", Mine::notThere);").text()).doesNotContain("incubating");
    }

    @Test
    @Order(10)
    void exitSaysWhatHappened() throws InterruptedException {
        String id = kernel.start("System.exit(3);");
        Cell cell = kernel.finish(id, 10);

        assertThat(kernel.awaitEnd()).isTrue();
        assertThat(cell.text()).contains("The Java kernel ends here", "your progress is kept");
    }

    private static String softmax(String body) {
        return "class Mine implements SoftmaxFn { public Tensor softmax(Tensor s) { " + body + " } }";
    }

    private String check() {
        return kernel.run("check(\"1.1 softmax\", Mine::new);").text();
    }

    private static Output only(Cell cell) {
        assertThat(cell.outputs()).as(cell.toString()).hasSize(1);
        return cell.outputs().getFirst();
    }
}
