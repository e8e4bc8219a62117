package tinyllm.load;

import java.util.Random;
import java.util.function.ToIntFunction;

/** Texts to ask with. */
@FunctionalInterface
public interface Prompts {

    /**
     * The prompt of one request.
     *
     * @param request counted from 0; different requests get different beginnings, so that no cache of prefixes helps by accident
     * @param tokens that it should have, or come near to
     */
    String prompt(int request, int tokens);

    /** Short English words in random order, one for each token: most vocabularies hold each of them with its blank as one token. */
    static Prompts words(long seed) {
        return (request, tokens) -> {
            Random random = random(seed, request);
            StringBuilder text = new StringBuilder(Words.draw(random));
            for (int i = 1; i < tokens; i++) {
                text.append(' ').append(Words.draw(random));
            }
            return text.toString();
        };
    }

    /**
     * The same, with exactly as many tokens as are asked for, or, where the vocabulary has no such text at hand, a few less.
     *
     * @param tokens of a text, as the server's tokenizer counts them
     */
    static Prompts exactly(long seed, ToIntFunction<String> tokens) {
        Prompts words = words(seed);
        return (request, wanted) -> {
            Random random = random(seed + 1, request);
            String text = words.prompt(request, wanted);
            while (tokens.applyAsInt(text) < wanted) {
                text += " " + Words.draw(random);
            }
            while (tokens.applyAsInt(text) > wanted && text.length() > 1) {
                text = text.substring(0, text.length() - 1);
            }
            for (int more = 1; more <= wanted && tokens.applyAsInt(text) < wanted; more++) {
                String longer = text + " .".repeat(more);
                text = tokens.applyAsInt(longer) == wanted ? longer : text;
            }
            return text;
        };
    }

    private static Random random(long seed, int request) {
        return new Random(seed * 1_000_003 + request);
    }
}
