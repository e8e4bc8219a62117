package tinyllm.sampling;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** Seen tokens' logits moved towards "unlikely", whatever their sign. */
public final class RepetitionPenalty implements RepetitionPenaltyFn {

    @Override
    public Tensor apply(Tensor logits, int[][] seen, double penalty) {
        ReferenceUse.note("4.3 repetition penalty");
        boolean[] flags = new boolean[Math.toIntExact(logits.size())];
        int vocabulary = logits.dim(1);
        for (int b = 0; b < seen.length; b++) {
            for (int id : seen[b]) {
                if (id < 0 || id >= vocabulary) {
                    throw new IllegalArgumentException(
                            "seen id " + id + " of row " + b + " is not in 0…" + (vocabulary - 1));
                }
                flags[b * vocabulary + id] = true;
            }
        }
        Tensor penalized = Tensor.where(logits.gt(0), logits.div(penalty), logits.mul(penalty));
        return Tensor.where(Tensor.of(flags, logits.shape()), penalized, logits);
    }
}
