package tinyllm.server.notebook;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import tinyllm.engine.Simulation;
import tinyllm.lab.BatchRates;
import tinyllm.load.TraceGenerator;

/**
 * Who comes when, and asks what: a seeded open load. It does not wait for answers, as visitors do not either.
 *
 * @param all in the order of their coming
 */
public record Visitors(List<One> all) {

    private static final String SENTENCE = "The sea was calm that morning, and the boats lay still in the harbour. ";
    private static final int SENTENCE_TOKENS = 16; // about
    private static final int OTHER_TOKENS = 40; // of the template and the question, about
    private static final int LONG_EVERY = 4;
    private static final int LEAVES_EVERY = 6;
    private static final int STAYS_FOR = 3;

    /**
     * @param at seconds after the load's begin
     * @param maxTokens of the answer
     * @param leavesAfter pieces of text after which the visitor is gone; {@link Visitor#STAYS} for never
     */
    public record One(double at, String message, int maxTokens, int leavesAfter) {}

    public Visitors {
        all = List.copyOf(all);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("a load has at least one visitor");
        }
    }

    /**
     * As many visitors per second as keep this machine busy: {@link #poisson} at a rate by what one request alone reaches.
     *
     * @param load of what a server could just do, 1 for all of it; above 0
     * @param slots requests that run at once
     */
    public static Visitors busy(int count, double load, BatchRates rates, int slots, int longTokens, int answerTokens) {
        double prompt = OTHER_TOKENS + (longTokens + (LONG_EVERY - 1.0) * SENTENCE_TOKENS) / LONG_EVERY;
        double seconds =
                prompt / rates.prefill() + answerTokens * Math.max(1 / rates.prefill(), 1 / (slots * rates.decode()));
        return poisson(count, load / seconds, longTokens, answerTokens);
    }

    /**
     * Visitors that come independently of each other: the times between two are exponentially distributed. One in four brings a long text,
     * and one in six leaves after three pieces of its answer. The same at every call.
     *
     * @param count 1 or more
     * @param perSecond how many come per second in the mean
     * @param longTokens tokens of a long text, about
     * @param answerTokens of an answer
     */
    public static Visitors poisson(int count, double perSecond, int longTokens, int answerTokens) {
        if (count < 1 || !(perSecond > 0) || longTokens < SENTENCE_TOKENS || answerTokens < 1) {
            throw new IllegalArgumentException("there is no load of " + count + " visitors, " + perSecond
                    + " per second, with texts of " + longTokens + " and answers of " + answerTokens + " tokens");
        }
        Random random = new Random(38);
        List<One> all = new ArrayList<>();
        double at = 0;
        for (int i = 0; i < count; i++) {
            boolean isLong = i % LONG_EVERY == 1;
            int sentences = isLong ? longTokens / SENTENCE_TOKENS : 1;
            // Another beginning for each: no page is known from the one before.
            String message = "Visitor " + i + " says: " + SENTENCE.repeat(sentences) + "What comes next?";
            boolean leaves = i % LEAVES_EVERY == LEAVES_EVERY - 1;
            all.add(new One(at, message, answerTokens, leaves ? STAYS_FOR : Visitor.STAYS));
            at += TraceGenerator.gap(random, perSecond);
        }
        return new Visitors(all);
    }

    /** As a load takes them. */
    Iterator<Simulation.Request> requests() {
        return all.stream()
                .map(one -> new Simulation.Request(one.at(), 0, one.maxTokens(), 0))
                .iterator();
    }
}
