package tinyllm.engine;

import java.util.function.IntPredicate;
import tinyllm.tensor.Tensor;

/** The decode loop over a model that remembers what it has read (chapter 2.1): each token passes through the layers once. */
@FunctionalInterface
public interface CachedLoopFn {

    /** The model and its cache, as the loop sees them. */
    @FunctionalInterface
    interface CachedModel {
        /**
         * Reads tokens, behind all that were read before.
         *
         * @param tokens at least one id
         * @return {@code [V]}: the logits of the token after them
         */
        Tensor next(int... tokens);
    }

    /**
     * Writes on after a prompt.
     *
     * @param model has read nothing yet
     * @param prompt at least one id; must not be changed
     * @param maxTokens how many tokens to generate at most, 1 or more
     * @param isEnd tells the ids that end the text
     * @return the generated ids, without the prompt and without the end token
     */
    int[] generate(CachedModel model, int[] prompt, int maxTokens, IntPredicate isEnd, GenerateFn.Choose choose);
}
