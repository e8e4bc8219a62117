package tinyllm.engine;

import java.util.Arrays;
import java.util.function.IntPredicate;
import tinyllm.course.ReferenceUse;

/** Week 1's loop: the model reads the whole text again for every token. */
public final class UncachedLoop implements GenerateFn {

    @Override
    public int[] generate(NextLogits model, int[] prompt, int maxTokens, IntPredicate isEnd, Choose choose) {
        ReferenceUse.note("1.6 generate");
        int[] text = Arrays.copyOf(prompt, prompt.length + maxTokens);
        int length = prompt.length;
        while (length < text.length) {
            int next = choose.token(model.after(Arrays.copyOf(text, length)));
            if (isEnd.test(next)) {
                break;
            }
            text[length++] = next;
        }
        return Arrays.copyOfRange(text, prompt.length, length);
    }
}
