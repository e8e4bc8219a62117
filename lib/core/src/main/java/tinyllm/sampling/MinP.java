package tinyllm.sampling;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** Tokens within log(p) of their row's largest logit: the same as a share p of its probability. */
public final class MinP implements MinPFn {

    @Override
    public Tensor keep(Tensor logits, double p) {
        ReferenceUse.note("4.3 min-p");
        return Rows.masked(logits.ge(logits.maxKeep(-1).add(Math.log(p))), logits);
    }
}
