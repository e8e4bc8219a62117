package tinyllm.lab.exercises.metal;

import java.time.Duration;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.nn.Rope;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "4.5 rope": a grid of three dimensions, one thread for each pair. */
public final class RopeKernel {

    static final String TEXT = """
            uint pair = thread_position_in_grid.x, row = thread_position_in_grid.y, head = thread_position_in_grid.z;
            uint rows = uint(x_shape[1]), dim = uint(x_shape[2]);
            if (pair < dim / 2 && row < rows) {
              float frequency = exp2(-2.0f * float(pair) / float(dim) * log2(theta));
              float angle = float(offset + int(row)) * frequency;
              float c = cos(angle), s = sin(angle);
              uint first = (head * rows + row) * dim + pair, second = first + dim / 2;
              float u = x[first], v = x[second];
              out[first] = u * c - v * s;
              out[second] = u * s + v * c;
            }
            """;

    private static final float THETA = 10_000;

    private record Turn(Tensor x, int offset) {}

    public static final Exercise<KernelText> ROPE = Exercise.of("4.5 rope", KernelText.class)
            .title("One thread turns one pair")
            .reference(Sources.own("4.5 rope", TEXT))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "The thread's three positions say which pair, which row and which head; x is [heads, rows, dim] in one piece of"
                            + " memory, so element (h, r, d) lies at (h · rows + r) · dim + d.")
            .hint(
                    "The grid's x is rounded up to 32 and its y to 4: guard both. The partner of element pair is pair + dim / 2.")
            .hint(
                    "theta^(-2·pair/dim) is exp2(-2.0f * float(pair) / float(dim) * log2(theta)); the angle is (offset + row) times it;"
                            + " (u, v) becomes (u·c - v·s, u·s + v·c).")
            .check(situation("two heads, five rows", 2, 5, 16, 0))
            .check(situation("a whole tile", 1, 4, 64, 0))
            .check(situation("an offset, as in decoding", 3, 1, 32, 37))
            .mistake(
                    "neighbours as pairs",
                    "Elements 2i and 2i + 1 turn together, and Qwen's checkpoints pair element i with i + dim / 2.",
                    Sources.edited(
                            Sources.edited(TEXT, "* dim + pair, second", "* dim + 2 * pair, second")
                                    .get()
                                    .text(),
                            "first + dim / 2",
                            "first + 1"))
            .mistake(
                    "no offset",
                    "Row 0 is taken for position 0: in decoding the first row stands at position offset.",
                    Sources.edited(TEXT, "float(offset + int(row))", "float(row)"))
            .mistake(
                    "exponents half as large",
                    "The frequencies fall too slowly: theta^(-2i/dim), and the pair's number i counts only to dim / 2.",
                    Sources.edited(TEXT, "-2.0f * float(pair)", "-1.0f * float(pair)"))
            .mistake(
                    "turned the other way",
                    "The pairs turn clockwise: first · cos - second · sin, and first · sin + second · cos.",
                    Sources.edited(TEXT, "s = sin(angle)", "s = -sin(angle)"))
            .mistake(
                    "rows not guarded",
                    "Threads beyond the last row write into the next head, or beyond the buffer: the grid's y is rounded up to 4.",
                    Sources.edited(TEXT, "pair < dim / 2 && row < rows", "pair < dim / 2"))
            .mistake(
                    "pairs not guarded",
                    "Threads beyond dim / 2 turn elements of the next row: the grid's x is rounded up to 32.",
                    Sources.edited(TEXT, "pair < dim / 2 && row < rows", "row < rows"))
            .mistake(
                    "only the first half is written",
                    "The second element of each pair is never written: a turn changes both.",
                    Sources.edited(TEXT, "  out[second] = u * s + v * c;\n", ""))
            .mistake(
                    "every head is head 0",
                    "All heads read and write the first one's memory: head · rows · dim elements lie before a head's own.",
                    Sources.edited(TEXT, "(head * rows + row)", "row"))
            .build();

    private RopeKernel() {}

    private static Case<KernelText> situation(String name, int heads, int rows, int dim, int offset) {
        return Case.<KernelText, Turn>of(
                        name,
                        seed -> new Turn(new Draw(seed).normal(heads, rows, dim), offset),
                        (answer, in) -> KernelCheck.metal(
                                        answer,
                                        k -> k.inputs("x", "offset", "theta").outputs("out"),
                                        Launch.grid(KernelCheck.up(dim / 2, 32), KernelCheck.up(rows, 4), heads)
                                                .group(32, 4, 1)
                                                .output(DType.F32, heads, rows, dim),
                                        in.x(),
                                        Tensor.of(new int[] {in.offset()}).reshape(),
                                        Tensor.scalar(THETA))
                                .getFirst(),
                        in -> new Rope()
                                .rotate(in.x().reshape(1, heads, rows, dim), in.offset(), THETA, false)
                                .reshape(heads, rows, dim))
                .within(1e-4, 1e-4);
    }
}
