package tinyllm.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;

/** The definition of BPE, word for word: as long as there is one, merge the leftmost pair of the lowest rank. */
@NullUnmarked
final class SlowBpe {
    private static final Map<?, ?> MODEL =
            (Map<?, ?>) Goldens.map("tiny-tokenizer.json").get("model");

    private SlowBpe() {}

    static int[] encode(String word) {
        List<String> symbols = new ArrayList<>();
        for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
            symbols.add(ByteAlphabet.write(new byte[] {b}));
        }
        List<?> merges = (List<?>) MODEL.get("merges");
        while (true) {
            int best = -1;
            int rank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int r = merges.indexOf(symbols.get(i) + " " + symbols.get(i + 1));
                if (r >= 0 && r < rank) {
                    rank = r;
                    best = i;
                }
            }
            if (best < 0) {
                break;
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
        Map<?, ?> vocab = (Map<?, ?>) MODEL.get("vocab");
        return symbols.stream().mapToInt(s -> (Integer) vocab.get(s)).toArray();
    }
}
