package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import tinyllm.engine.EngineRequest;

/**
 * Requests that come all at once: beginnings of texts, and how many tokens each is to be continued by.
 *
 * @param prompts one for each request
 * @param answers tokens of each answer, 1 or more; a text does not end before
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
public record Requests(List<String> prompts, int[] answers) {

    private static final List<String> BEGINNINGS = List.of(
            "The capital of France is",
            "Once upon a time, in a village by the sea, there lived",
            "Water boils at",
            "A list in Java is",
            "The three most important rules of good writing are",
            "In the year 1969",
            "def fibonacci(n):",
            "The difference between a stack and a queue is that a queue",
            "Roses are red,",
            "The largest planet of our solar system is",
            "To make a good cup of tea, first",
            "A prime number is a number that",
            "Dear Sir or Madam, I am writing to you because",
            "Light travels",
            "The square root of 144 is",
            "public static void main(String[] args) {");

    public Requests {
        prompts = List.copyOf(prompts);
        answers = answers.clone();
        if (prompts.isEmpty() || prompts.size() != answers.length) {
            throw new IllegalArgumentException(prompts.size() + " prompts and " + answers.length
                    + " lengths of answers do not belong together: one each, and at least one");
        }
        if (Arrays.stream(answers).anyMatch(tokens -> tokens < 1)) {
            throw new IllegalArgumentException("an answer has 1 token or more: " + Arrays.toString(answers));
        }
    }

    /**
     * Short prompts with answers of very different lengths, the same at every call: as many of 4 to 8 tokens as of 8 to 16.
     *
     * @param count 1 or more
     * @param shortest tokens of an answer, 1 or more
     * @param longest not less than the shortest
     */
    public static Requests mixed(int count, int shortest, int longest) {
        if (count < 1 || shortest < 1 || longest < shortest) {
            throw new IllegalArgumentException(
                    count + " answers of " + shortest + " to " + longest + " tokens are not possible");
        }
        Random random = new Random(26);
        List<String> prompts = new ArrayList<>();
        int[] answers = new int[count];
        for (int i = 0; i < count; i++) {
            prompts.add(BEGINNINGS.get(i % BEGINNINGS.size()));
            double length = shortest * Math.pow((longest + 1.0) / shortest, random.nextDouble());
            answers[i] = Math.min(longest, (int) length);
        }
        return new Requests(prompts, answers);
    }

    public int size() {
        return answers.length;
    }

    @Override
    public int[] answers() {
        return answers.clone();
    }

    /** Tokens of all answers. */
    public int tokens() {
        return Arrays.stream(answers).sum();
    }

    /** In batches of so many each answer is as long as the longest of its batch: what rows that stay to its end compute. */
    Requests padded(int batch) {
        int[] longer = answers();
        for (int first = 0; first < longer.length; first += batch) {
            int end = Math.min(longer.length, first + batch);
            Arrays.fill(
                    longer, first, end, Arrays.stream(answers, first, end).max().orElseThrow());
        }
        return new Requests(prompts, longer);
    }

    EngineRequest engineRequest(int i) {
        return EngineRequest.text(prompts.get(i)).maxTokens(answers[i]).ignoreEnd();
    }
}
