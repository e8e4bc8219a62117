package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tinyllm.tensor.LazyGraph.Operation;

class LazyGraphTest {

    @Test
    void tellsWhatWaitsAndForgetsWhatIsDone() {
        Tensor x = Tensor.of(new float[][] {{1, 2}, {3, 4}});
        Tensor e = x.exp();
        Tensor y = e.div(e.sumKeep(-1));

        LazyGraph before = LazyGraph.of(Map.of("x", x, "y", y));
        assertThat(before.operations())
                .extracting(Operation::name)
                .containsExactly("Exp", "Sum", "Broadcast", "Divide");
        assertThat(before.operations().getLast().outputs()).isEqualTo(List.of("y"));
        assertThat(before.arrays()).containsEntry("x", "[2, 2] float32").containsValue("[2, 1] float32");
        assertThat(before.dot()).startsWith("digraph").contains("Divide");
        assertThat(y.isEvaluated()).as("looking computes nothing").isFalse();

        e.eval();
        assertThat(LazyGraph.of(Map.of("y", y)).operations())
                .extracting(Operation::name)
                .containsExactly("Sum", "Broadcast", "Divide");
        y.eval();
        assertThat(LazyGraph.of(Map.of("y", y)).operations()).isEmpty();
    }

    @Test
    void wantsNamesThatAreWords() {
        Tensor x = Tensor.scalar(1);
        assertThatThrownBy(() -> LazyGraph.of(Map.of("a b", x))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LazyGraph.of(Map.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
