package tinyllm.lab;

import java.util.Arrays;
import java.util.Optional;
import tinyllm.lab.chart.HeatMaps;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.CheckResult.Wrong;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/** Three small maps of a wrong tensor: expected, yours, difference. */
final class WrongMaps {

    private static final int LIMIT = 128;

    private WrongMaps() {}

    /** The last two axes at the first wrong entry; empty where the shapes differ or there is nothing to draw. */
    static Optional<Picture> of(CheckResult result) {
        Wrong wrong = result.wrong();
        if (wrong == null
                || !(wrong.expected() instanceof Tensor expected)
                || !(wrong.actual() instanceof Tensor actual)
                || !Arrays.equals(expected.shape(), actual.shape())
                || expected.rank() < 2
                || expected.dim(-1) > LIMIT
                || expected.dim(-2) > LIMIT
                || expected.size() < 4) {
            return Optional.empty();
        }
        int[] index = wrong.index();
        int leading = expected.rank() - 2;
        int[] at = index == null || index.length < leading ? new int[leading] : Arrays.copyOf(index, leading);
        return Optional.of(HeatMaps.comparison(matrix(expected, at), matrix(actual, at)));
    }

    private static float[][] matrix(Tensor tensor, int[] at) {
        return (at.length == 0 ? tensor : tensor.at(at)).toMatrix();
    }
}
