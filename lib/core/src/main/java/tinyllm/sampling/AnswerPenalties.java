package tinyllm.sampling;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** Counts each row's tokens, and takes presence once and frequency for each time. */
public final class AnswerPenalties implements AnswerPenaltiesFn {

    @Override
    public Tensor apply(Tensor logits, int[][] answers, double presence, double frequency) {
        ReferenceUse.note("4.3 presence and frequency");
        int vocabulary = logits.dim(1);
        float[] taken = new float[Math.toIntExact(logits.size())];
        for (int b = 0; b < answers.length; b++) {
            boolean[] seen = new boolean[vocabulary];
            for (int id : answers[b]) {
                if (id < 0 || id >= vocabulary) {
                    throw new IllegalArgumentException(
                            "id " + id + " of answer " + b + " is not in 0…" + (vocabulary - 1));
                }
                taken[b * vocabulary + id] += (float) (frequency + (seen[id] ? 0 : presence));
                seen[id] = true;
            }
        }
        return logits.sub(Tensor.of(taken, logits.shape()));
    }
}
