package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Live;
import tinyllm.model.CausalLm;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.PaddedBatchFn;
import tinyllm.nn.Parts;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** Texts of different lengths in one padded batch through the real model, beside each text alone (chapter 2.6). */
public final class PaddedRun {

    /**
     * How one text went on.
     *
     * @param alone what the model writes when it sees this text only
     * @param inBatch what it writes in the learner's batch
     * @param logitDifference the largest difference of a logit after the text, batch against alone; near 0 when all is right
     */
    public record Row(String text, int tokens, String alone, String inBatch, double logitDifference) {}

    private final CausalLm model;
    private final PaddedBatchFn own;

    private PaddedRun(CausalLm model, PaddedBatchFn own) {
        this.model = model;
        this.own = own;
    }

    /**
     * Continues all texts greedily, without a cache.
     *
     * @param model with parts that can be seen: loaded for the kernels {@code reference}
     * @param own makes the learner's batch
     * @param tokens that each text is continued by, 1 or more
     */
    public static Table of(CausalLm model, Supplier<? extends PaddedBatchFn> own, List<String> texts, int tokens) {
        if (texts.isEmpty() || tokens < 1) {
            throw new IllegalArgumentException("a batch has one text or more, and each goes on by one token or more");
        }
        List<int[]> prompts =
                texts.stream().map(text -> model.tokenizer().encode(text)).toList();
        PaddedRun run = new PaddedRun(model, own.get());
        try (Live live = new Live()) {
            return Tables.of(run.rows(texts, prompts, tokens, live));
        }
    }

    private List<Row> rows(List<String> texts, List<int[]> prompts, int tokens, Live live) {
        double[] difference = new double[texts.size()];
        List<int[]> batch = new ArrayList<>(prompts);
        List<int[]> alone = new ArrayList<>(prompts);
        for (int step = 0; step < tokens; step++) {
            live.progress("token " + (step + 1) + ", in the batch and alone", step, tokens);
            try (Scope _ = Scope.open()) {
                Tensor logits = logits(batch); // [B, V]
                for (int b = 0; b < texts.size(); b++) {
                    Tensor beside = logits.slice(0, b, b + 1).reshape(logits.dim(1));
                    Tensor single = model.lastLogits(alone.get(b));
                    if (step == 0) {
                        difference[b] = beside.sub(single).abs().max().item();
                    }
                    batch.set(b, longer(batch.get(b), beside));
                    alone.set(b, longer(alone.get(b), single));
                }
            }
        }
        live.progress("in the batch and alone", tokens, tokens);
        List<Row> rows = new ArrayList<>();
        for (int b = 0; b < texts.size(); b++) {
            int read = prompts.get(b).length;
            rows.add(new Row(texts.get(b), read, text(alone.get(b), read), text(batch.get(b), read), difference[b]));
        }
        return rows;
    }

    private static int[] longer(int[] text, Tensor logits) {
        int[] more = Arrays.copyOf(text, text.length + 1);
        more[text.length] = logits.argmax(0).toInts()[0];
        return more;
    }

    private String text(int[] tokens, int from) {
        return model.tokenizer().decode(Arrays.copyOfRange(tokens, from, tokens.length));
    }

    /** The logits after each text, {@code [B, V]}: the last column of the batch. */
    private Tensor logits(List<int[]> texts) {
        int[] lengths = texts.stream().mapToInt(text -> text.length).toArray();
        int t = Arrays.stream(lengths).max().orElseThrow();
        int filler = model.eosIds().stream().findFirst().orElse(0);
        int[] ids = Arrays.stream(own.tokens(texts, filler))
                .flatMapToInt(Arrays::stream)
                .toArray();
        Tensor mask = own.mask(lengths, t); // [B, 1, T, T]
        Parts parts = model.parts().with(new RowRope(own.positions(lengths, t)));
        DecoderWeights weights = model.weights();
        return Scope.of(() -> {
            Tensor x = parts.embedding().embed(weights.embedTokens(), ids);
            x = x.reshape(texts.size(), t, x.dim(-1)); // [B, T, E]
            for (BlockWeights block : weights.layers()) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the run was interrupted");
                }
                Tensor before = x;
                x = Scope.of(() -> parts.block().apply(before, block, mask, 0, parts));
            }
            Tensor last = x.slice(1, t - 1, t); // [B, 1, E]
            Tensor normed = parts.norm().normalize(last, weights.norm(), weights.rmsNormEps());
            return parts.decoder()
                    .head(normed, weights, parts)
                    .reshape(texts.size(), model.config().vocabSize());
        });
    }
}
