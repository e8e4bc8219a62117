package tinyllm.engine;

import java.util.Arrays;
import java.util.function.IntPredicate;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** The prompt in one step, then one step per token; what comes last is never read. */
public final class CachedLoop implements CachedLoopFn {

    @Override
    public int[] generate(
            CachedModel model, int[] prompt, int maxTokens, IntPredicate isEnd, GenerateFn.Choose choose) {
        ReferenceUse.note("2.1 decode");
        int[] answer = new int[maxTokens];
        Tensor logits = model.next(prompt);
        int length = 0;
        while (true) {
            int token = choose.token(logits);
            if (isEnd.test(token)) {
                return Arrays.copyOf(answer, length);
            }
            answer[length++] = token;
            if (length == maxTokens) {
                return answer;
            }
            logits = model.next(token);
        }
    }
}
