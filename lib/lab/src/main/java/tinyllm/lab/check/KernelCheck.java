package tinyllm.lab.check;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tinyllm.kernel.CppKernel;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.KernelSignature;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.kernel.check.MetalChecker;
import tinyllm.kernel.check.Problem;
import tinyllm.kernel.host.CompileException;
import tinyllm.kernel.host.HostOptions;
import tinyllm.tensor.Tensor;

/**
 * Runs kernel sources in the cases of an exercise, always on the host and with every detector: a kernel whose numbers happen to be
 * right is refused for a race, too. A starter's source still holds a {@code todo("…")}.
 */
public final class KernelCheck {

    private static final double SECONDS = 5;

    private KernelCheck() {}

    /**
     * The outputs of a Metal source.
     *
     * @param kernel names its inputs and outputs: {@code k -> k.inputs("x").outputs("out")}
     * @throws KernelFault with the lines of the source
     * @throws TodoException while the source is a starter's
     */
    public static List<Tensor> metal(KernelText answer, Named kernel, Launch launch, Tensor... inputs) {
        return inspect(answer, kernel, launch, inputs).outputs();
    }

    /** The same, with what the host run counted. */
    public static KernelRun inspect(KernelText answer, Named kernel, Launch launch, Tensor... inputs) {
        String text = text(answer);
        MetalKernel named = kernel.of(MetalKernel.of(text));
        KernelRun run = run(() -> named.inspect(launch.options(limited()), inputs));
        List<Problem> problems = words(named, launch, inputs);
        if (!problems.isEmpty()) {
            throw KernelFault.ofMetal(problems);
        }
        return run;
    }

    /** The outputs of a C++ source, as {@link CppKernel#run} takes it. */
    public static List<Tensor> cpp(
            KernelText answer, String function, List<Launch.Output> outputs, int[] sizes, Tensor... inputs) {
        CppKernel kernel = CppKernel.of(text(answer), function);
        return run(() -> kernel.inspect(limited(), outputs, sizes, inputs)).outputs();
    }

    /** A multiple that is not smaller: how many threads a grid of whole groups has. */
    public static int up(int n, int multiple) {
        return Math.ceilDiv(n, multiple) * multiple;
    }

    /** Names a kernel's inputs and outputs. */
    @FunctionalInterface
    public interface Named {
        MetalKernel of(MetalKernel kernel);
    }

    private interface Run {
        KernelRun run();
    }

    private static KernelRun run(Run inspected) {
        KernelRun run;
        try {
            run = inspected.run();
        } catch (CompileException e) {
            throw KernelFault.of(e);
        }
        if (!run.report().clean()) {
            throw KernelFault.of(run.report().findings());
        }
        return run;
    }

    private static String text(KernelText answer) {
        String text = answer.text();
        if (text == null) {
            throw new IllegalStateException("text() gave null instead of a source");
        }
        return TodoException.refuseIn(text);
    }

    private static HostOptions limited() {
        return HostOptions.DEFAULT.seconds(SECONDS).remembered(true);
    }

    /** What needs no clang: forbidden words and names, attributes, casts. */
    private static List<Problem> words(MetalKernel kernel, Launch launch, Tensor[] inputs) {
        KernelSignature signature = kernel.signature(launch, inputs);
        Map<String, String> spaces = new HashMap<>();
        signature.inputs().forEach(p -> spaces.put(p.name(), p.isConstant() ? "constant" : "device"));
        signature.outputs().forEach(p -> spaces.put(p.name(), "device"));
        var source = kernel.source();
        return MetalChecker.words(source.header(), source.body(), source.bodyLine(), spaces);
    }
}
