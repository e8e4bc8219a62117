package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.nn.PaddedBatchFn;

/** What a static batch computes for nobody: filler in front of short prompts, and rows whose answer has ended (chapter 2.6). */
public final class PaddingWaste {

    /**
     * Shares in percent.
     *
     * @param batch requests of a batch
     * @param prompt filler among the columns that the prompts of all batches take
     * @param answer rows of answers that had ended already, among all rows that were decoded
     */
    public record Share(int batch, double prompt, double answer) {}

    private PaddingWaste() {}

    /**
     * The shares for batches of several sizes.
     *
     * @param own makes the learner's batches; their filler is counted
     */
    public static List<Share> shares(
            CausalLm model, Supplier<? extends PaddedBatchFn> own, Requests requests, int... batches) {
        List<int[]> prompts = requests.prompts().stream()
                .map(prompt -> model.tokenizer().encode(prompt))
                .toList();
        List<Share> shares = new ArrayList<>();
        for (int batch : batches) {
            if (batch < 1) {
                throw new IllegalArgumentException("a batch has one request or more, not " + batch);
            }
            shares.add(share(prompts, own.get(), requests, batch));
        }
        return shares;
    }

    private static Share share(List<int[]> prompts, PaddedBatchFn own, Requests requests, int batch) {
        long columns = 0;
        for (int first = 0; first < prompts.size(); first += batch) {
            List<int[]> texts = prompts.subList(first, Math.min(prompts.size(), first + batch));
            columns += Arrays.stream(own.tokens(texts, 0))
                    .mapToLong(row -> row.length)
                    .sum();
        }
        long read = prompts.stream().mapToLong(prompt -> prompt.length).sum();
        return new Share(
                batch,
                100 - 100.0 * read / columns,
                100 - 100.0 * requests.tokens() / requests.padded(batch).tokens());
    }

    /**
     * The shares over the size of the batch; a guess that was kept stands as a dashed line.
     *
     * @param guess the name of a prediction in percent
     */
    public static Picture of(
            CausalLm model, Supplier<? extends PaddedBatchFn> own, Requests requests, String guess, int... batches) {
        List<Share> shares = shares(model, own, requests, batches);
        Share last = shares.getLast();
        double[] x = shares.stream().mapToDouble(Share::batch).toArray();
        String title = String.format(
                Locale.ROOT,
                "Batches of %d: %.0f %% of prompt columns, %.0f %% of answer rows for nobody",
                last.batch(),
                last.prompt(),
                last.answer());
        return Charts.plot(title, "requests in a batch", "% computed for nobody")
                .series(
                        "rows whose answer has ended",
                        x,
                        shares.stream().mapToDouble(Share::answer).toArray())
                .series(
                        "filler before prompts",
                        x,
                        shares.stream().mapToDouble(Share::prompt).toArray())
                .guess(guess)
                .picture();
    }
}
