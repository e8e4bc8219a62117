package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tinyllm.kernel.host.HostOptions;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** A check may ask for the same run again and again: the second time it gets the first one's result. */
class RememberedRunTest {
    private static final String TWICE = "uint i = thread_position_in_grid.x;\nout[i] = 2 * x[i];\n";
    private static final HostOptions REMEMBERED = HostOptions.DEFAULT.remembered(true);

    private static KernelRun inspect(String body, HostOptions options, float... x) {
        Launch launch = Launch.grid(x.length)
                .group(x.length)
                .output(DType.F32, x.length)
                .options(options);
        return MetalKernel.of(body).inputs("x").outputs("out").inspect(launch, Tensor.of(x));
    }

    @Test
    void theSameProgramOnTheSameBytesRunsOnce() {
        KernelRun first = inspect(TWICE, REMEMBERED, 1, 2, 3, 4);
        KernelRun second = inspect(TWICE, REMEMBERED, 1, 2, 3, 4);
        assertThat(second.report()).isSameAs(first.report());
        assertThat(second.output().toFloats()).containsExactly(2, 4, 6, 8);
    }

    @Test
    void otherBytesAreAnotherRun() {
        inspect(TWICE, REMEMBERED, 1, 2, 3, 4);
        assertThat(inspect(TWICE, REMEMBERED, 1, 2, 3, 5).output().toFloats()).containsExactly(2, 4, 6, 10);
        assertThat(inspect(TWICE.replace('2', '3'), REMEMBERED, 1, 2, 3, 4)
                        .output()
                        .toFloats())
                .containsExactly(3, 6, 9, 12);
    }

    @Test
    void withoutItEveryRunIsDone() {
        KernelRun first = inspect(TWICE, HostOptions.DEFAULT, 1, 2, 3, 4);
        assertThat(inspect(TWICE, HostOptions.DEFAULT, 1, 2, 3, 4).report()).isNotSameAs(first.report());
    }

    @Test
    void aRunThatALimitEndedIsTriedAgain() {
        String endless = "uint i = thread_position_in_grid.x;\nvolatile int n = 1;\nwhile (n > 0) {}\nout[i] = x[i];\n";
        HostOptions limited = REMEMBERED.seconds(0.2);
        KernelRun first = inspect(endless, limited, 1, 2, 3, 4);
        assertThat(first.report().clean()).isFalse();
        assertThat(inspect(endless, limited, 1, 2, 3, 4).report()).isNotSameAs(first.report());
    }
}
