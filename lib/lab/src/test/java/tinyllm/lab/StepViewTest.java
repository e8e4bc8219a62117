package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import tinyllm.engine.FinishReason;
import tinyllm.engine.StepReport;
import tinyllm.engine.StepReport.Row;
import tinyllm.engine.StepReport.Work;
import tinyllm.lab.view.Rich;

class StepViewTest {

    private static final StepReport REPORT = new StepReport(
            7,
            1.5,
            List.of(
                    new Row(3, 0, Work.DECODE, 1, 40, 3, 0, 9),
                    new Row(5, 2, Work.PREFILL, 20, 52, 70, 32, StepReport.NONE),
                    new Row(6, 1, Work.IDLE, 0, 16, 1, 0, StepReport.NONE)),
            List.of(5L),
            List.of(8L),
            List.of(new StepReport.Ended(2, FinishReason.STOP)),
            4,
            new StepReport.Pages(9, 2, 1, 6),
            new StepReport.Phases(0.001, 0.02, 0.002, 0.0015));

    @Test
    void aRowForEachSlotAndWhatChanged() {
        Rich view = StepView.of(REPORT);
        assertThat(view.html())
                .contains("Step 7: 1 decode rows and 20 prefill tokens in 24.5 ms; 4 requests wait")
                .contains("pages: 9 used (2 shared), 1 kept, 6 free")
                .contains(">decode 1<", ">▪▪▪<")
                .contains(">prefill 20 (32 known)<", "▪".repeat(64) + " 70<")
                .contains(">idle<")
                .contains("request 5 joined; request 8 was preempted and waits again; request 2 ended: stop</p>")
                .doesNotContain("<script", "class=");
        assertThat(view.text()).isEqualTo(REPORT.toString());
    }

    @Test
    void nothingChanged() {
        StepReport quiet =
                new StepReport(0, 0, List.of(), List.of(), List.of(), List.of(), 0, REPORT.pages(), REPORT.phases());
        assertThat(StepView.of(quiet).html()).endsWith("</table>");
    }
}
