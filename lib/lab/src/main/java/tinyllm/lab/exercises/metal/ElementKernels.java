package tinyllm.lab.exercises.metal;

import java.time.Duration;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercises "4.5 axpy" and "4.5 swiglu": one thread for each element. */
public final class ElementKernels {

    static final String AXPY_TEXT = """
            uint i = thread_position_in_grid.x;
            if (i < uint(x_shape[0])) {
              out[i] = a * x[i] + y[i];
            }
            """;

    static final String SWIGLU_TEXT = """
            uint i = thread_position_in_grid.x;
            if (i < uint(gate_shape[0])) {
              float g = gate[i];
              out[i] = g / (1.0f + exp(-g)) * up[i];
            }
            """;

    private record Axpy(Tensor a, Tensor x, Tensor y) {}

    private record Pair(Tensor gate, Tensor up) {}

    public static final Exercise<KernelText> AXPY = Exercise.of("4.5 axpy", KernelText.class)
            .title("One thread, one element: a · x + y")
            .reference(Sources.own("4.5 axpy", AXPY_TEXT))
            .deadline(Duration.ofSeconds(60))
            .hint("Every thread runs the whole body. What differs is i: the thread's own element.")
            .hint(
                    "The grid is rounded up to whole threadgroups of 64, so the last threads have no element: ask before you read.")
            .hint("if (i < uint(x_shape[0])) { out[i] = a * x[i] + y[i]; }")
            .check(axpy("one threadgroup, full", 64))
            .check(axpy("a last threadgroup of 36", 100))
            .check(axpy("one element beyond a threadgroup", 129))
            .mistake(
                    "no guard",
                    "Threads beyond the data read and write memory that is not theirs: the grid is a multiple of the threadgroup, the"
                            + " data is not. Guard with i < x_shape[0], not <=.",
                    Sources.of("uint i = thread_position_in_grid.x;\nout[i] = a * x[i] + y[i];\n"))
            .mistake(
                    "the last one left out",
                    "The last element is never written: its index is x_shape[0] - 1, and i < x_shape[0] lets it through.",
                    Sources.edited(AXPY_TEXT, "i < uint", "i + 1 < uint"))
            .mistake(
                    "position in the threadgroup",
                    "Every threadgroup works on the first 64 elements: thread_position_in_threadgroup starts at 0 in each of them."
                            + " Which position counts over the whole grid?",
                    Sources.edited(AXPY_TEXT, "thread_position_in_grid.x", "thread_position_in_threadgroup.x"))
            .mistake(
                    "lane for a thread",
                    "thread_index_in_simdgroup is the lane, 0 to 31, the same in every SIMD group: only 32 elements are written.",
                    Sources.edited(AXPY_TEXT, "thread_position_in_grid.x", "thread_index_in_simdgroup"))
            .mistake(
                    "every thread does everything",
                    "Every thread loops over all elements, and all of them write the same places. The loop is the grid: each thread has"
                            + " one i.",
                    Sources.of("for (uint i = 0; i < uint(x_shape[0]); ++i) {\n  out[i] = a * x[i] + y[i];\n}\n"))
            .mistake(
                    "added to the output",
                    "out has no value before you write it, and += reads it first. Assign it.",
                    Sources.edited(AXPY_TEXT, "out[i] = a * x[i] + y[i]", "out[i] += a * x[i] + y[i]"))
            .mistake(
                    "a times both",
                    "At {index} a multiplies y, too: a · x + y, not a · (x + y).",
                    Sources.edited(AXPY_TEXT, "a * x[i] + y[i]", "a * (x[i] + y[i])"))
            .mistake(
                    "a on y",
                    "At {index} a multiplies y instead of x: {expected} is a · x + y there, and a · y + x came.",
                    Sources.edited(AXPY_TEXT, "a * x[i] + y[i]", "a * y[i] + x[i]"))
            .build();

    public static final Exercise<KernelText> SWIGLU = Exercise.of("4.5 swiglu", KernelText.class)
            .title("silu(gate) · up in one launch")
            .reference(Sources.own("4.5 swiglu", SWIGLU_TEXT))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "Element by element, as in axpy; what lies between (the sigmoid, the silu) stays in the thread's own variables.")
            .hint(
                    "silu(g) = g · sigmoid(g) = g / (1 + exp(-g)). For g far below 0, exp(-g) is infinite and g / infinity is 0: right.")
            .hint("float g = gate[i]; out[i] = g / (1.0f + exp(-g)) * up[i];")
            .check(swiglu("a full threadgroup", 256, 1))
            .check(swiglu("a ragged end", 300, 1))
            .check(swiglu("gates around ±100", 70, 100))
            .mistake(
                    "sigmoid alone",
                    "This is sigmoid(gate) · up: silu has one more factor, the gate itself.",
                    Sources.edited(SWIGLU_TEXT, "g / (1.0f", "1.0f / (1.0f"))
            .mistake(
                    "the wrong sign",
                    "The sigmoid is turned around: exp(-g), so that a large gate lets its value through.",
                    Sources.edited(SWIGLU_TEXT, "exp(-g)", "exp(g)"))
            .mistake(
                    "up without its gate",
                    "The silu is taken of up, and the gate multiplies it: silu(gate) · up.",
                    Sources.of(
                            "uint i = thread_position_in_grid.x;\nif (i < uint(gate_shape[0])) {\n  float u = up[i];\n"
                                    + "  out[i] = u / (1.0f + exp(-u)) * gate[i];\n}\n"))
            .mistake(
                    "a sum",
                    "silu(gate) and up are added; they have to be multiplied: a gate of 0 closes the channel.",
                    Sources.edited(SWIGLU_TEXT, "* up[i]", "+ up[i]"))
            .mistake(
                    "e to the g on both sides",
                    "exp(g) / (1 + exp(g)) is infinity / infinity for a gate of 100. Divide by 1 + exp(-g) instead.",
                    Sources.edited(SWIGLU_TEXT, "g / (1.0f + exp(-g))", "g * exp(g) / (1.0f + exp(g))"))
            .mistake(
                    "no guard",
                    "Threads beyond the data read and write memory that is not theirs. Guard with i < gate_shape[0].",
                    Sources.of(
                            "uint i = thread_position_in_grid.x;\nfloat g = gate[i];\nout[i] = g / (1.0f + exp(-g)) * up[i];\n"))
            .mistake(
                    "only the first SIMD group",
                    "Only 32 elements of each threadgroup are written: which threads does the guard let through?",
                    Sources.edited(
                            SWIGLU_TEXT,
                            "i < uint(gate_shape[0])",
                            "i < uint(gate_shape[0]) && thread_index_in_threadgroup < 32"))
            .build();

    private ElementKernels() {}

    private static Case<KernelText> axpy(String name, int n) {
        return Case.of(
                name,
                seed -> {
                    Draw draw = new Draw(seed);
                    return new Axpy(Tensor.scalar(draw.between(2, 5)), draw.normal(n), draw.normal(n));
                },
                (answer, in) -> KernelCheck.metal(
                                answer,
                                k -> k.inputs("a", "x", "y").outputs("out"),
                                Launch.grid(KernelCheck.up(n, 64)).group(64).output(DType.F32, n),
                                in.a(),
                                in.x(),
                                in.y())
                        .getFirst(),
                in -> in.x().mul(in.a()).add(in.y()));
    }

    private static Case<KernelText> swiglu(String name, int n, double deviation) {
        return Case.of(
                name,
                seed -> {
                    Draw draw = new Draw(seed);
                    return new Pair(draw.scaled(deviation, n), draw.normal(n));
                },
                (answer, in) -> KernelCheck.metal(
                                answer,
                                k -> k.inputs("gate", "up").outputs("out"),
                                Launch.grid(KernelCheck.up(n, 256)).group(256).output(DType.F32, n),
                                in.gate(),
                                in.up())
                        .getFirst(),
                in -> in.gate().mul(in.gate().sigmoid()).mul(in.up()));
    }
}
