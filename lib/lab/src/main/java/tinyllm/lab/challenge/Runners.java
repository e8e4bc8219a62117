package tinyllm.lab.challenge;

import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.CppKernel;
import tinyllm.kernel.KernelText;
import tinyllm.lab.challenge.Challenge.CppCall;
import tinyllm.lab.challenge.Challenge.LaunchedAnswer;
import tinyllm.lab.challenge.Challenge.TimedAnswer;
import tinyllm.lab.challenge.Challenge.Way;
import tinyllm.lab.check.TodoException;
import tinyllm.tensor.Tensor;

/** Makes what runs in a contest out of a challenge's ways and a learner's answers. */
final class Runners<T, I> {

    private final Challenge<T, I> challenge;
    private final boolean gpu;

    Runners(Challenge<T, I> challenge, boolean gpu) {
        this.challenge = challenge;
        this.gpu = gpu;
    }

    Runner of(Way<I> way) {
        if (!way.absent().isEmpty() && !gpu) {
            return Runner.absent(way.name(), way.absent());
        }
        Launcher launcher = new Launcher(gpu);
        return new Runner(way.name(), false, () -> body(way, launcher), launcher);
    }

    private Runner.Body body(Way<I> way, Launcher launcher) {
        I inputs = challenge.inputs();
        if (way.timed() != null) {
            return plain(way.timed().prepare(inputs));
        }
        return () -> Objects.requireNonNull(way.launched()).run(launcher, inputs);
    }

    private static Runner.Body plain(Supplier<?> supplier) {
        return supplier::get;
    }

    /** @throws IllegalArgumentException when it is null */
    Runner ofAnswer(@Nullable Object given) {
        if (given == null) {
            throw new IllegalArgumentException("the supplier gave null; pass YourClass::new to challenge");
        }
        Object answer = given instanceof String source ? (KernelText) () -> source : given;
        Class<?> type = answer.getClass();
        String name = type.isHidden() || type.isAnonymousClass() || answer instanceof CppKernel
                ? "yours"
                : "yours: " + type.getSimpleName();
        Launcher launcher = new Launcher(gpu);
        return new Runner(name, true, () -> answerBody(answer, launcher), launcher);
    }

    private Runner.Body answerBody(Object answer, Launcher launcher) {
        if (answer instanceof KernelText source) {
            TodoException.refuseIn(source.text());
        }
        I inputs = challenge.inputs();
        TimedAnswer<T, I> timed = challenge.timedAnswer();
        LaunchedAnswer<T, I> launched = challenge.launchedAnswer();
        if (challenge.contract().isInstance(answer)) {
            T own = challenge.contract().cast(answer);
            return timed != null
                    ? plain(timed.prepare(own, inputs))
                    : () -> Objects.requireNonNull(launched).run(own, launcher, inputs);
        }
        if (timed != null && challenge.cpp() != null) {
            CppCall call = challenge.cpp().apply(inputs);
            if (answer instanceof CppKernel kernel) {
                return cpp(kernel, call);
            }
            if (answer instanceof KernelText text) {
                return cpp(CppKernel.of(text.text(), call.function()), call);
            }
        }
        throw new IllegalArgumentException(type(answer) + " is no "
                + challenge.contract().getSimpleName() + (challenge.cpp() == null ? "" : " and no C++ source")
                + ", which this challenge takes");
    }

    private static String type(Object answer) {
        String name = answer.getClass().getSimpleName();
        return name.isEmpty() ? "this object" : name;
    }

    private static Runner.Body cpp(CppKernel kernel, CppCall call) {
        Tensor[] inputs = call.inputs().toArray(new Tensor[0]);
        return new Runner.Body() {
            @Override
            public Object run() { // with every detector
                return kernel.run(call.outputs(), call.sizes(), inputs).getFirst();
            }

            @Override
            public double ms(int runs) { // at full speed
                return kernel.time(call.outputs(), call.sizes(), runs, inputs) / 1e6;
            }
        };
    }
}
