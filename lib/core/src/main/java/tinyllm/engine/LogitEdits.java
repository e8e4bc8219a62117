package tinyllm.engine;

import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.Adjustments;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.TokenConstraint;
import tinyllm.sampling.grammar.TokenSet;

/** What one request adds to each of its rows of logits: penalties, a bias, and {@code -inf} where its constraint lets nothing come. */
final class LogitEdits {

    /** Changes nothing. */
    static final LogitEdits NONE = new LogitEdits(Adjustments.NONE, null, Set.of());

    private final Adjustments adjustments;
    private final @Nullable TokenConstraint constraint;
    private final Set<Integer> ends;

    /** @param ends ids that end a text; allowed where the constraint's text may end */
    LogitEdits(Adjustments adjustments, @Nullable TokenConstraint constraint, Set<Integer> ends) {
        this.adjustments = adjustments;
        this.constraint = constraint;
        this.ends = ends;
    }

    /**
     * What penalties and bias add.
     *
     * @param text all ids so far
     * @param n how many of them, at its end, are the answer
     * @return {@code [vocabulary]}; null when nothing changes
     */
    float @Nullable [] added(int vocabulary, IntText text, long n) {
        return added(adjustments, vocabulary, text, n);
    }

    /** The same without presence and frequency penalty, which a learner's step of the sampler computes. */
    float @Nullable [] addedWithoutPenalties(int vocabulary, IntText text, long n) {
        return added(adjustments.withoutPenalties(), vocabulary, text, n);
    }

    private static float @Nullable [] added(Adjustments own, int vocabulary, IntText text, long n) {
        if (own.isNone()) {
            return null;
        }
        float[] row = new float[vocabulary];
        own.addTo(row, answer(text, n));
        return row;
    }

    Adjustments adjustments() {
        return adjustments;
    }

    /** The ids of the answer so far. */
    static int[] answer(IntText text, long n) {
        return text.range(text.length() - (int) n, text.length());
    }

    /**
     * Which tokens may come next.
     *
     * @param tokensLeft that may still be written, the next one included
     * @return null when all may
     * @throws LogitsException when no token of the vocabulary goes on along the constraint
     */
    @Nullable
    TokenMask mask(int vocabulary, int tokensLeft) {
        TokenConstraint held = constraint;
        if (held == null || held.free()) {
            return null;
        }
        TokenSet allowed = held.allowed(tokensLeft);
        Set<Integer> ending = held.mayEnd() ? known(vocabulary) : Set.of();
        if (allowed.isEmpty() && ending.isEmpty()) {
            throw new LogitsException("no token of the vocabulary goes on along the schema");
        }
        return new TokenMask(allowed, ending);
    }

    private Set<Integer> known(int vocabulary) {
        return ends.stream().filter(id -> id < vocabulary).collect(Collectors.toUnmodifiableSet());
    }

    /** Whether the text is held to a constraint, may end, and nothing may follow: to ask for one more token would give an end token. */
    boolean whole() {
        TokenConstraint held = constraint;
        return held != null
                && !held.free()
                && held.mayEnd()
                && held.allowed(Integer.MAX_VALUE).isEmpty();
    }

    /** Goes on by a token that ends nothing. */
    void accept(int token) {
        if (constraint != null) {
            constraint.accept(token);
        }
    }
}
