package tinyllm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

class PartsTest {

    @Test
    void aReplacedSoftmaxIsHeardThroughTheLibrarysAttention() {
        AtomicInteger calls = new AtomicInteger();
        SoftmaxFn own = scores -> {
            calls.incrementAndGet();
            return new Softmax().softmax(scores);
        };
        Tensor x = Tensor.ones(DType.F32, 1, 2, 3, 4);
        Parts.library().with(own).grouped().attend(x, x, x, null, 1);
        assertThat(calls).hasValue(1);
    }

    @Test
    void oneClassMayReplaceSeveralParts() {
        class Both implements SoftmaxFn, ActivationFn {
            @Override
            public Tensor softmax(Tensor scores) {
                return scores;
            }

            @Override
            public Tensor activate(Tensor x) {
                return x;
            }
        }
        Both both = new Both();
        Parts parts = Parts.library().with(both);
        assertThat(parts.softmax()).isSameAs(both);
        assertThat(parts.activation()).isSameAs(both);
        assertThat(parts.owners()).hasSize(2);
    }

    @Test
    void refusesWhatNoModelHasAPlaceFor() {
        assertThatThrownBy(() -> Parts.library().with(new MultiHeadAttention()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("MultiHeadAttention")
                .hasMessageContaining("AttentionFn");
    }

    @Test
    void referencesAreNotedOnlyWhileSomebodyRecords() {
        Tensor x = Tensor.ones(DType.F32, 3);
        assertThat(ReferenceUse.record(() -> new Softmax().softmax(x)).used()).containsExactly("1.1 softmax");
        assertThat(ReferenceUse.record(() -> ReferenceUse.unrecorded(() -> new Softmax().softmax(x)))
                        .used())
                .isEmpty();
    }
}
