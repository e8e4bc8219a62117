package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class ScopeTest {
    @Test
    void closingFreesWhatWasMadeInside() {
        Tensor outside = Tensor.ones(DType.F32, 3);
        Tensor inside;
        try (Scope _ = Scope.open()) {
            inside = outside.add(1);
            assertThat(inside.sum().item()).isEqualTo(6);
        }
        assertThat(outside.sum().item()).isEqualTo(3);
        assertThatThrownBy(inside::toFloats)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "toFloats: this tensor, [3] F32, was freed when its Scope closed; pass it to Scope.keep to use it longer");
        assertThatThrownBy(() -> outside.add(inside))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("add: ");
        assertThatThrownBy(inside::eval).isInstanceOf(IllegalStateException.class);
        assertThat(inside.shape()).containsExactly(3);
    }

    @Test
    void memoryGoesAtOnce() {
        long before = Memory.activeBytes();
        try (Scope _ = Scope.open()) {
            Tensor.ones(DType.F32, 1 << 20).eval();
            assertThat(Memory.activeBytes()).isGreaterThanOrEqualTo(before + (4 << 20));
        }
        assertThat(Memory.activeBytes()).isLessThan(before + (1 << 20));
    }

    @Test
    void keptTensorsLive() {
        Tensor kept;
        Tensor lazy;
        try (Scope scope = Scope.open()) {
            kept = scope.keep(Tensor.arange(3).mul(2)).eval();
            lazy = scope.keep(Tensor.arange(3).add(Tensor.arange(3)));
        }
        assertThat(kept.toInts()).containsExactly(0, 2, 4);
        assertThat(lazy.toInts()).containsExactly(0, 2, 4);
    }

    @Test
    void keepingMovesOutOneLevel() {
        Tensor x;
        try (Scope outer = Scope.open()) {
            try (Scope inner = Scope.open()) {
                x = inner.keep(Tensor.ones(DType.F32, 2));
            }
            assertThat(x.sum().item()).isEqualTo(2);
            assertThat(outer.keep(Tensor.scalar(1)).item()).isEqualTo(1);
        }
        assertThatThrownBy(x::item).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(x::toFloats).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anOuterScopeKeepsFromWithinAnInnerOne() {
        Tensor x;
        try (Scope outer = Scope.open()) {
            try (Scope _ = Scope.open()) {
                x = outer.keep(Tensor.ones(DType.F32, 2));
            }
        }
        assertThat(x.sum().item()).isEqualTo(2);
    }

    @Test
    void viewsOutliveTheirBase() {
        Tensor row;
        try (Scope scope = Scope.open()) {
            row = scope.keep(Tensor.arange(6).reshape(2, 3).eval().at("1"));
        }
        assertThat(row.toInts()).containsExactly(3, 4, 5);
    }

    @Test
    void ofKeepsTheResultAlone() {
        int before = Memory.liveTensors();
        Tensor x = Scope.of(() -> Tensor.arange(10).add(1).mul(2).sum());
        assertThat(x.isEvaluated()).isTrue();
        assertThat(x.item()).isEqualTo(110);
        assertThat(Memory.liveTensors()).isLessThanOrEqualTo(before + 1);
        assertThatThrownBy(() -> Scope.of(() -> null)).hasMessageContaining("returned null");
        assertThatThrownBy(() -> Scope.of(() -> {
                    throw new IllegalArgumentException("mine");
                }))
                .hasMessage("mine");
    }

    @Test
    void anOpenInnerScopeIsClosedWithItsOuterOne() {
        Scope outer = Scope.open();
        Scope inner = Scope.open();
        Tensor x = Tensor.ones(DType.F32, 1);
        outer.close();
        assertThatThrownBy(x::toFloats).isInstanceOf(IllegalStateException.class);
        inner.close();
        outer.close();
        assertThatThrownBy(() -> outer.keep(x))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThat(Tensor.ones(DType.F32, 1).item()).isEqualTo(1);
    }

    @Test
    void scopesBelongToTheirThread() throws Exception {
        try (Scope scope = Scope.open()) {
            Tensor mine = Tensor.ones(DType.F32, 1);
            FutureTask<Tensor> task = new FutureTask<>(() -> {
                assertThatThrownBy(scope::close)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("belongs to thread");
                assertThatThrownBy(() -> scope.keep(mine)).isInstanceOf(IllegalStateException.class);
                return Tensor.ones(DType.F32, 1);
            });
            Thread.ofPlatform().start(task);
            Tensor theirs = task.get();
            scope.close();
            assertThat(theirs.item()).isEqualTo(1);
        }
    }
}
