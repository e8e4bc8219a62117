package tinyllm.engine;

import java.util.function.IntPredicate;
import tinyllm.tensor.Tensor;

/** The decode loop: ask for the next token's logits, choose, append, repeat (chapter 1.6). */
@FunctionalInterface
public interface GenerateFn {

    /** The model as the loop sees it. */
    @FunctionalInterface
    interface NextLogits {
        /**
         * @param tokens the whole text so far, at least one id
         * @return {@code [V]}: the logits of the token after it
         */
        Tensor after(int[] tokens);
    }

    /** Sampling as the loop sees it. */
    @FunctionalInterface
    interface Choose {
        /**
         * @param logits {@code [V]}
         * @return the chosen id
         */
        int token(Tensor logits);
    }

    /**
     * @param prompt at least one id; must not be changed
     * @param maxTokens how many tokens to generate at most, 0 or more
     * @param isEnd tells the ids that end the text
     * @return the generated ids, without the prompt and without the end token
     */
    int[] generate(NextLogits model, int[] prompt, int maxTokens, IntPredicate isEnd, Choose choose);
}
