package tinyllm.sampling;

import java.util.Arrays;
import java.util.Set;
import tinyllm.sampling.grammar.TokenSet;
import tinyllm.tensor.Tensor;

/** Takes every chance from the tokens that may not come next. */
public final class TokenMask {

    private TokenMask() {}

    /**
     * @param logits {@code [V]}
     * @param constraint of the text so far
     * @param ends ids that end a text; allowed where it may end
     * @param tokensLeft tokens that may still be written, this one included
     * @return {@code [V]}, {@code -inf} where a token may not come next
     */
    public static Tensor apply(Tensor logits, TokenConstraint constraint, Set<Integer> ends, int tokensLeft) {
        float[] bias = new float[Math.toIntExact(logits.size())];
        Arrays.fill(bias, Float.NEGATIVE_INFINITY);
        TokenSet allowed = constraint.allowed(tokensLeft);
        allowed.ids().filter(id -> id < bias.length).forEach(id -> bias[id] = 0);
        if (constraint.mayEnd()) {
            ends.stream().filter(id -> id < bias.length).forEach(id -> bias[id] = 0);
        }
        return logits.add(Tensor.of(bias, bias.length));
    }
}
