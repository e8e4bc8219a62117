package tinyllm.sampling;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** The nucleus of each row: sort, add up, cut, and put back into the order of the ids. */
public final class TopP implements TopPFn {

    @Override
    public Tensor keep(Tensor logits, double p) {
        ReferenceUse.note("1.7 top-p");
        Tensor order = logits.neg().argsort(-1); // [B, V]: ids by falling logit
        Tensor sorted = Rows.softmax(logits.takeAlongAxis(order, -1));
        Tensor before = sorted.cumsum(-1).sub(sorted); // the mass of the more likely ones
        Tensor kept = before.lt(p).takeAlongAxis(order.argsort(-1), -1);
        return Rows.masked(kept, logits);
    }
}
