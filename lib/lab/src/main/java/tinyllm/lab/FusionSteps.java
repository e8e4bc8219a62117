package tinyllm.lab;

import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.Verdict;

/** The same operation twice: as one launch for each array operation, and as one kernel; both have to agree. */
final class FusionSteps {

    private static final float THETA = 10_000;

    /** Launches, and the bytes that device memory moves in them. */
    record Cost(int launches, long bytes) {
        Cost plus(KernelRun run) {
            return new Cost(launches + 1, bytes + run.report().deviceBytes());
        }
    }

    record Both(Cost apart, Cost fused) {}

    private Cost cost = new Cost(0, 0);

    private FusionSteps() {}

    static Both norm(int n, String fused) {
        Tensor x = Tensor.normal(1, 1, n);
        Tensor residual = Tensor.normal(2, 1, n);
        Tensor weight = Tensor.normal(3, n);
        Tensor eps = Tensor.scalar(1e-6);
        FusionSteps steps = new FusionSteps();
        Tensor sum = steps.each("a[i] + b[i]", n, x.reshape(n), residual.reshape(n));
        Tensor mean = steps.mean(steps.each("a[i] * a[i]", n, sum));
        Tensor scale = steps.each("rsqrt(a[0] + b)", 1, mean, eps);
        Tensor out = steps.each("a[i] * b[i]", n, steps.each("a[i] * b[0]", n, sum, scale), weight);
        Launch launch = Launch.grid(128).group(128).output(DType.F32, 1, n).output(DType.F32, 1, n);
        MetalKernel kernel =
                MetalKernel.of(fused).inputs("x", "residual", "weight", "eps").outputs("sum", "out");
        KernelRun run = clean(kernel.inspect(launch, x, residual, weight, eps));
        return both("residual + RMSNorm", steps.cost, out, run, run.outputs().get(1));
    }

    static Both rope(int heads, int dim, String fused) {
        Tensor x = Tensor.normal(4, heads, 1, dim); // one row in each head
        Tensor flat = x.reshape(heads * dim);
        Tensor offset = Tensor.of(new int[] {37}).reshape();
        Tensor theta = Tensor.scalar(THETA);
        int half = dim / 2;
        String first = "a[i / H * 2 * H + i % H]";
        String second = "a[i / H * 2 * H + H + i % H]";
        FusionSteps steps = new FusionSteps();
        Tensor angle = steps.each("float(a) * exp2(-float(i) / float(H) * log2(b))", half, half, offset, theta);
        Tensor c = steps.each("cos(a[i])", half, angle);
        Tensor s = steps.each("sin(a[i])", half, angle);
        int n = heads * half;
        Tensor uc = steps.each(first + " * b[i % H]", n, half, flat, c);
        Tensor vs = steps.each(second + " * b[i % H]", n, half, flat, s);
        Tensor us = steps.each(first + " * b[i % H]", n, half, flat, s);
        Tensor vc = steps.each(second + " * b[i % H]", n, half, flat, c);
        Tensor left = steps.each("a[i] - b[i]", n, uc, vs);
        Tensor right = steps.each("a[i] + b[i]", n, us, vc);
        Tensor out = steps.each(
                "i / H % 2 == 0 ? a[i / H / 2 * H + i % H] : b[i / H / 2 * H + i % H]", 2 * n, half, left, right);
        Launch launch =
                Launch.grid((half + 31) / 32 * 32, 4, heads).group(32, 4, 1).output(DType.F32, heads, 1, dim);
        MetalKernel kernel =
                MetalKernel.of(fused).inputs("x", "offset", "theta").outputs("out");
        KernelRun run = clean(kernel.inspect(launch, x, offset, theta));
        return both("RoPE", steps.cost, out, run, run.output());
    }

    static Both swiglu(int n, String fused) {
        Tensor gate = Tensor.normal(5, n);
        Tensor up = Tensor.normal(6, n);
        FusionSteps steps = new FusionSteps();
        Tensor open = steps.each("1.0f / (1.0f + exp(-a[i]))", n, gate);
        Tensor out = steps.each("a[i] * b[i]", n, steps.each("a[i] * b[i]", n, gate, open), up);
        Launch launch = Launch.grid((n + 255) / 256 * 256).group(256).output(DType.F32, n);
        KernelRun run =
                clean(MetalKernel.of(fused).inputs("gate", "up").outputs("out").inspect(launch, gate, up));
        return both("SwiGLU", steps.cost, out, run, run.output());
    }

    private static Both both(String what, Cost apart, Tensor expected, KernelRun run, Tensor actual) {
        Verdict verdict = Verdict.compare(expected, actual.reshape(expected.shape()), 1e-3, 1e-4);
        if (!verdict.ok()) {
            throw new KernelException(what + ": the kernel and the single steps differ: " + verdict.message());
        }
        return new Both(apart, new Cost(0, 0).plus(run));
    }

    private static KernelRun clean(KernelRun run) {
        if (!run.report().clean()) {
            throw new KernelException(
                    "The kernel does what no kernel may:\n" + run.report().sentences());
        }
        return run;
    }

    private Tensor each(String expression, int n, Tensor... inputs) {
        return each(expression, n, 1, inputs);
    }

    /** One launch: out[i] is the expression of a[i] and b[i]; H is a number that it may use. */
    private Tensor each(String expression, int n, int h, Tensor... inputs) {
        String body = "uint i = thread_position_in_grid.x;\nif (i < N) {\n  out[i] = " + expression + ";\n}\n";
        MetalKernel kernel = MetalKernel.of(body)
                .inputs(inputs.length == 1 ? new String[] {"a"} : new String[] {"a", "b"})
                .outputs("out");
        Launch launch = Launch.grid((n + 31) / 32 * 32)
                .group(32)
                .output(DType.F32, n)
                .template("N", n)
                .template("H", h);
        KernelRun run = clean(kernel.inspect(launch, inputs));
        cost = cost.plus(run);
        return run.output();
    }

    private Tensor mean(Tensor values) {
        String body = "float sum = 0;\nfor (uint i = thread_index_in_simdgroup; i < N; i += 32) {\n  sum += a[i];\n}\n"
                + "sum = simd_sum(sum);\nif (thread_index_in_simdgroup == 0) {\n  out[0] = sum / float(N);\n}\n";
        Launch launch = Launch.grid(32).group(32).output(DType.F32, 1).template("N", values.dim(0));
        KernelRun run = clean(MetalKernel.of(body).inputs("a").outputs("out").inspect(launch, values));
        cost = cost.plus(run);
        return run.output();
    }
}
