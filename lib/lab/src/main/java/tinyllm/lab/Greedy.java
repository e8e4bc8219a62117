package tinyllm.lab;

import tinyllm.tensor.Tensor;
import tinyllm.text.Tokenizer;

/** The most likely token of each row; rows of the table beyond the vocabulary, which are padding, are left out. */
final class Greedy {

    private Greedy() {}

    /** @param logits {@code [R, V]} in float32 */
    static int[] tokens(Tensor logits, Tokenizer tokenizer) {
        int[] best = logits.argmax(1).toInts();
        for (int row = 0; row < best.length; row++) {
            if (!tokenizer.has(best[row])) {
                best[row] = known(logits.slice(0, row, row + 1).toFloats(), tokenizer);
            }
        }
        return best;
    }

    private static int known(float[] logits, Tokenizer tokenizer) {
        int best = -1;
        for (int id = 0; id < logits.length; id++) {
            if ((best < 0 || logits[id] > logits[best]) && tokenizer.has(id)) {
                best = id;
            }
        }
        return best;
    }
}
