package tinyllm.sampling;

import tinyllm.tensor.Tensor;

/** Makes less likely what an answer holds already: OpenAI's presence and frequency penalties (chapter 4.3). */
@FunctionalInterface
public non-sealed interface AnswerPenaltiesFn extends SamplingFn {

    /**
     * @param logits {@code [B, V]}
     * @param answers the tokens of each row's answer so far, one array a row; an id stands there as often as it came, each in 0…V-1
     * @param presence taken once from the logit of each token that the answer holds
     * @param frequency taken as often as the answer holds it
     * @return {@code [B, V]}
     */
    Tensor apply(Tensor logits, int[][] answers, double presence, double frequency);
}
