package tinyllm.engine;

import java.util.Set;
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
     * The row to add.
     *
     * @param text all ids so far
     * @param n how many of them, at its end, are the answer
     * @param tokensLeft that may still be written, the next one included
     * @return {@code [vocabulary]}; null when nothing changes
     * @throws LogitsException when no token of the vocabulary goes on along the constraint
     */
    float @Nullable [] row(int vocabulary, IntText text, long n, int tokensLeft) {
        TokenConstraint holding = constraint == null || constraint.free() ? null : constraint;
        if (holding == null && adjustments.isNone()) {
            return null;
        }
        float[] row = new float[vocabulary];
        if (holding != null) {
            mask(holding, row, tokensLeft);
        }
        if (!adjustments.isNone()) {
            adjustments.addTo(row, text.range(text.length() - (int) n, text.length()));
        }
        return row;
    }

    private void mask(TokenConstraint held, float[] row, int tokensLeft) {
        TokenSet allowed = held.allowed(tokensLeft);
        boolean mayEnd = held.mayEnd() && ends.stream().anyMatch(id -> id < row.length);
        if (allowed.isEmpty() && !mayEnd) {
            throw new LogitsException("no token of the vocabulary goes on along the schema");
        }
        allowed.addTo(row);
        if (mayEnd) {
            ends.stream().filter(id -> id < row.length).forEach(id -> row[id] = 0);
        }
    }

    /** Goes on by a token that ends nothing. */
    void accept(int token) {
        if (constraint != null) {
            constraint.accept(token);
        }
    }
}
