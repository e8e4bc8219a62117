package tinyllm.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import tinyllm.kernel.RowKernels;
import tinyllm.model.CausalLm;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.Tensor;
import tinyllm.text.TextStream;

/** The state of one generation: clock, text and history. Used once, by one thread. */
final class Run {

    private final CausalLm model;
    private final Sampler sampler;
    private final SamplingParams sampling;
    private final Consumer<String> onText;
    private final GenerateFn.NextLogits next;
    private final TextStream stream;
    private final Set<Integer> ends;
    private final int known;
    private final StringBuilder text = new StringBuilder();
    private final List<Double> logprobs = new ArrayList<>();
    private int[] history = {};
    private long step;
    private long firstToken;
    private boolean ended;
    private final LogitEdits edits;
    private int limit;

    Run(
            CausalLm model,
            GenerateFn.NextLogits next,
            Sampler sampler,
            SamplingParams sampling,
            LogitEdits edits,
            Consumer<String> onText) {
        this.model = model;
        this.next = next;
        this.sampler = sampler;
        this.sampling = sampling;
        this.onText = onText;
        this.stream = new TextStream(model.tokenizer());
        this.ends = model.eosIds();
        this.edits = edits;
        this.known = Math.min(model.tokenizer().vocabSize(), model.config().vocabSize());
    }

    Completion complete(GenerateFn loop, int[] prompt, int maxTokens) {
        limit = maxTokens;
        long start = System.nanoTime();
        int[] tokens = loop.generate(this::logits, prompt.clone(), maxTokens, ends::contains, this::choose);
        long end = System.nanoTime();
        emit(stream.finish());
        double ttft = (firstToken - start) / 1e9;
        double decode = tokens.length > 1 ? (tokens.length - 1) / ((end - firstToken) / 1e9) : Double.NaN;
        return new Completion(
                text.toString(),
                Arrays.stream(tokens).boxed().toList(),
                prompt.length,
                ended || edits.whole() ? "stop" : "length",
                ttft * 1e3,
                prompt.length / ttft,
                decode,
                logprobs.subList(0, Math.min(tokens.length, logprobs.size())));
    }

    private Tensor logits(int[] tokens) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted after " + step + " tokens");
        }
        history = tokens.clone();
        // Rows past the tokenizer's ids are padding of the table: they stand for no text.
        return next.after(tokens).slice(0, 0, known).eval();
    }

    private int choose(Tensor logits) {
        TokenChoice.Chosen chosen = chosen(logits);
        if (step++ == 0) {
            firstToken = System.nanoTime();
        }
        int token = chosen.token();
        ended = ends.contains(token);
        if (!ended) {
            edits.accept(token);
            logprobs.add(chosen.logprob());
            emit(model.tokenizer().isSpecial(token) ? "" : stream.push(token));
        }
        return token;
    }

    private TokenChoice.Chosen chosen(Tensor logits) {
        int[] seen = sampling.repetitionPenalty() == 1 ? new int[0] : Sampler.distinct(history);
        if (!sampler.isLibrary()) {
            return byArrays(logits, seen);
        }
        float[] added = edits.added(known, new IntText(history), step);
        TokenMask mask = edits.mask(known, (int) (limit - step));
        Tensor row = logits.reshape(1, logits.dim(-1));
        TokenChoice.Ask ask = new TokenChoice.Ask(sampling, seen, step, added, mask, 0);
        TokenChoice.Chosen chosen =
                TokenChoice.of(row, known, model.tokenizer()::has, List.of(ask)).getFirst();
        if (chosen.problem() != null) {
            throw broken(chosen.problem());
        }
        return chosen;
    }

    /** With a step of the learner's. */
    private TokenChoice.Chosen byArrays(Tensor logits, int[] seen) {
        IntText text = new IntText(history);
        TokenChoice.Ask ask = new TokenChoice.Ask(
                sampling,
                seen,
                step,
                edits.addedWithoutPenalties(known, text, step),
                edits.mask(known, (int) (limit - step)),
                0);
        float[] edit = ask.whole(known);
        try {
            Tensor row = sampler.penalized(logits.reshape(1, known), sampling, new int[][] {seen});
            row = sampler.counted(row, edits.adjustments(), new int[][] {LogitEdits.answer(text, step)});
            row = edit == null ? row : row.add(Tensor.of(edit, 1, known));
            SamplingParams rest = sampling.withoutRepetitionPenalty();
            int token = sampler.sample(row, rest, new int[][] {seen}, step)[0];
            double logprob = logits.item(token) - RowKernels.logSumExp(logits).item();
            return new TokenChoice.Chosen(token, logprob, List.of(), null);
        } catch (LogitsException e) {
            throw broken(e);
        }
    }

    /** The step runs once more with a look at every layer, so that the message names the first bad one. */
    private GenerationException broken(LogitsException e) {
        String where = model.firstNonFinite(history);
        String place = where == null ? "only in the output layer" : "first at " + where;
        return new GenerationException(
                "generation stopped after " + step + " tokens: " + e.getMessage() + "; numbers are not finite " + place
                        + ". Check the weights with ./lab doctor --scan",
                e);
    }

    private void emit(String piece) {
        if (!piece.isEmpty()) {
            text.append(piece);
            onText.accept(piece);
        }
    }
}
