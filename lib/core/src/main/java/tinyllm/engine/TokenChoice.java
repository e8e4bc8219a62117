package tinyllm.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.TopCandidates;
import tinyllm.sampling.LogitsException;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.Shortlist;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * Chooses the next token of each row of a step: from the row's most likely tokens where they hold enough of the probability, else from
 * the whole row. What a row gets depends on that row alone.
 */
public final class TokenChoice {

    /** Above it the whole row is sorted anyway. */
    private static final int MOST_CANDIDATES = 2048;

    /** Among so many there is nearly always one that a constraint allows, where the model writes what it is held to. */
    private static final int MASKED_CANDIDATES = 64;

    private static final int NONE = -1;
    private static final int HOLE = -2;

    private final Tensor logits;
    private final int vocabulary;
    private final IntPredicate known;

    private TokenChoice(Tensor logits, int vocabulary, IntPredicate known) {
        this.logits = logits;
        this.vocabulary = vocabulary;
        this.known = known;
    }

    /**
     * How one row's token is chosen.
     *
     * @param seen distinct ids of its text; read only with a repetition penalty
     * @param step how many tokens were drawn for it before
     * @param edit {@code [vocabulary]}, added to the row behind the repetition penalty; null for nothing
     * @param mask which tokens may come; null for all
     * @param top how many of the most likely tokens are wanted with it; −1 when nobody asks for its own probability either
     */
    public record Ask(
            SamplingParams params,
            int[] seen,
            long step,
            float @Nullable [] edit,
            @Nullable TokenMask mask,
            int top) {
        public Ask(SamplingParams params, int[] seen, long step) {
            this(params, seen, step, null, null, 0);
        }

        /** Whether the row's own order decides. */
        private boolean plain() {
            return inOrder() && mask == null;
        }

        /** The first token of the row's own order that may come. */
        private boolean firstAllowed() {
            return inOrder() && mask != null && params.temperature() == 0;
        }

        /** Whether it is drawn from what may come of the row, which is changed in no other way. */
        private boolean drawnFromAllowed() {
            return inOrder() && mask != null && params.temperature() > 0;
        }

        private boolean inOrder() {
            return edit == null && params.repetitionPenalty() == 1;
        }

        /** What is added to the row in all. */
        float @Nullable [] whole(int vocabulary) {
            if (mask == null) {
                return edit;
            }
            float[] row = edit == null ? new float[vocabulary] : edit.clone();
            mask.addTo(row);
            return row;
        }
    }

    /**
     * @param token meaningless when there is a problem
     * @param logprob of the token, over the whole vocabulary at temperature 1, before penalties and edits; NaN when it was not asked for
     * @param top the most likely tokens, as many as were asked for
     * @param problem why no token can be chosen: the row holds a NaN, an infinity or no finite value
     */
    public record Chosen(
            int token,
            double logprob,
            List<Likely> top,
            @Nullable LogitsException problem) {}

    /** With a vocabulary that has no holes. */
    public static List<Chosen> of(Tensor logits, int vocabulary, List<Ask> asks) {
        return of(logits, vocabulary, id -> true, asks);
    }

    /**
     * @param logits {@code [R, V]}
     * @param vocabulary how many of the V columns stand for tokens; the rest is padding
     * @param known which of these ids are tokens: the others are holes in the vocabulary, and never chosen
     * @param asks one for each row
     */
    public static List<Chosen> of(Tensor logits, int vocabulary, IntPredicate known, List<Ask> asks) {
        if (logits.rank() != 2 || logits.dim(0) != asks.size()) {
            throw new IllegalArgumentException("logits have to be [" + asks.size() + ", V], a row for each choice, and"
                    + " have shape " + Arrays.toString(logits.shape()));
        }
        return new TokenChoice(logits, vocabulary, known).all(asks);
    }

    private List<Chosen> all(List<Ask> asks) {
        List<TopCandidates.Wish> wishes = asks.stream()
                .map(ask ->
                        new TopCandidates.Wish(candidates(ask), ask.top() >= 0, ask.plain() ? scale(ask.params()) : 0))
                .toList();
        TopCandidates top = TopCandidates.of(logits, vocabulary, wishes);
        @Nullable Shortlist[] allowed = allowed(asks, top);
        List<Chosen> chosen = new ArrayList<>();
        for (int r = 0; r < asks.size(); r++) {
            chosen.add(one(top, r, asks.get(r), allowed[r]));
        }
        return chosen;
    }

    /** The likeliest of what may come, for each row whose own list does not tell. One kernel for all of them, as for whole rows. */
    private @Nullable Shortlist[] allowed(List<Ask> asks, TopCandidates top) {
        Shortlist[] lists = new Shortlist[asks.size()];
        int[] rows = IntStream.range(0, asks.size())
                .filter(r -> asks.get(r).drawnFromAllowed()
                        || asks.get(r).firstAllowed() && firstAllowed(top, r, asks.get(r)) == NONE)
                .toArray();
        if (rows.length == 0) {
            return lists;
        }
        int[][] masks = new int[rows.length][];
        List<TopCandidates.Wish> wishes = new ArrayList<>();
        for (int k = 0; k < rows.length; k++) {
            Ask ask = asks.get(rows[k]);
            masks[k] = Objects.requireNonNull(ask.mask()).words(vocabulary);
            wishes.add(new TopCandidates.Wish(drawnFrom(ask.params()), false, scale(ask.params())));
        }
        TopCandidates likely = TopCandidates.of(logits, vocabulary, wishes, rows, masks);
        for (int k = 0; k < rows.length; k++) {
            lists[rows[k]] = list(likely, k);
        }
        return lists;
    }

    /** A greedy row needs no probabilities. */
    private static float scale(SamplingParams params) {
        return params.temperature() == 0 ? 0 : (float) (1 / params.temperature());
    }

    /** A row's own number, so that its list is the same whatever its neighbours ask for. */
    private int candidates(Ask ask) {
        int drawn = ask.plain() ? drawnFrom(ask.params()) : ask.firstAllowed() ? MASKED_CANDIDATES : 1;
        return Math.min(vocabulary, Math.max(drawn, ask.top()));
    }

    private int drawnFrom(SamplingParams params) {
        if (params.temperature() == 0) {
            return 1;
        }
        int wanted = params.topK() <= MOST_CANDIDATES ? Math.max(Shortlist.USUAL, params.topK()) : Shortlist.USUAL;
        return Math.min(vocabulary, wanted);
    }

    private Chosen one(TopCandidates top, int row, Ask ask, @Nullable Shortlist allowed) {
        float largest = top.logits()[row][0];
        if (!Float.isFinite(largest)) {
            String what = largest == Float.NEGATIVE_INFINITY ? "no finite value" : "a NaN or an infinity";
            return failed("the logits hold " + what + ": no token can be chosen from them");
        }
        double sum = top.logSums()[row];
        List<Likely> likely = new ArrayList<>();
        for (int i = 0; i < Math.min(ask.top(), top.ids()[row].length); i++) {
            likely.add(new Likely(top.ids()[row][i], top.logits()[row][i] - sum));
        }
        Shortlist list = ask.plain() ? list(top, row) : allowed;
        if (list != null && list.logits()[0] != Float.NEGATIVE_INFINITY) {
            int place = holes(list) ? -1 : list.choose(ask.params(), ask.step());
            if (place >= 0) {
                return new Chosen(list.ids()[place], list.logits()[place] - sum, likely, null);
            }
        }
        int first = ask.firstAllowed() ? firstAllowed(top, row, ask) : NONE;
        if (first >= 0) {
            return new Chosen(top.ids()[row][first], top.logits()[row][first] - sum, likely, null);
        }
        try (Scope scope = Scope.open()) {
            Tensor whole = logits.slice(0, row, row + 1).slice(1, 0, vocabulary); // [1, vocabulary]
            int token = edited(whole, ask);
            return token == NONE
                    ? failed("penalties, bias and constraint leave no token that could come")
                    : new Chosen(token, whole.item(0, token) - sum, likely, null);
        }
    }

    /** The place in the list of the likeliest token that may come; {@link #NONE} when it is not in the list. */
    private int firstAllowed(TopCandidates top, int row, Ask ask) {
        TokenMask mask = Objects.requireNonNull(ask.mask());
        for (int i = 0; i < top.ids()[row].length; i++) {
            int id = top.ids()[row][i];
            if (top.logits()[row][i] == Float.NEGATIVE_INFINITY) {
                return NONE;
            }
            if (mask.has(id) && known.test(id)) {
                return i;
            }
        }
        return NONE;
    }

    private static Chosen failed(String sentence) {
        return new Chosen(-1, Double.NaN, List.of(), new LogitsException(sentence));
    }

    private Shortlist list(TopCandidates top, int row) {
        return new Shortlist(top.ids()[row], top.logits()[row], top.scaledLogSums()[row], vocabulary);
    }

    /** Whether a hole might be drawn from it. */
    private boolean holes(Shortlist list) {
        for (int i = 0; i < list.ids().length; i++) {
            if (list.logits()[i] != Float.NEGATIVE_INFINITY && !known.test(list.ids()[i])) {
                return true;
            }
        }
        return false;
    }

    /** The token of a row that something may be added to; {@link #NONE} when none is left. */
    private int edited(Tensor whole, Ask ask) {
        Tensor row = Sampler.library().penalized(whole, ask.params(), new int[][] {ask.seen()});
        SamplingParams params = ask.params().withoutRepetitionPenalty();
        float[] edit = ask.whole(vocabulary);
        if (edit != null) {
            row = row.add(Tensor.of(edit, 1, vocabulary));
        }
        int token = drawn(row, params, ask.step());
        return token == HOLE
                ? drawn(row.add(Tensor.of(withoutHoles(vocabulary, known), 1, vocabulary)), params, ask.step())
                : token;
    }

    private int drawn(Tensor row, SamplingParams params, long step) {
        Shortlist usual = list(row, drawnFrom(params), params);
        if (usual.logits()[0] == Float.NEGATIVE_INFINITY) {
            return NONE;
        }
        if (holes(usual)) {
            return HOLE;
        }
        int place = usual.choose(params, step);
        int token = place >= 0 ? usual.ids()[place] : drawnFromMore(row, params, step);
        return known.test(token) ? token : HOLE;
    }

    /** A whole row is rarely needed, and sorting it costs as much as all else that a step chooses. */
    private int drawnFromMore(Tensor row, SamplingParams params, long step) {
        Shortlist more = list(row, Math.min(vocabulary, MOST_CANDIDATES), params);
        int place = more.choose(params, step);
        return place >= 0 ? more.ids()[place] : Sampler.library().sample(row, params, new int[][] {{}}, step)[0];
    }

    /** @param row {@code [1, vocabulary]} */
    private Shortlist list(Tensor row, int count, SamplingParams params) {
        var wishes = List.of(new TopCandidates.Wish(count, false, scale(params)));
        return list(TopCandidates.of(row, vocabulary, wishes), 0);
    }

    /** {@code -inf} for each id that is no token. */
    static float[] withoutHoles(int vocabulary, IntPredicate known) {
        float[] row = new float[vocabulary];
        for (int id = 0; id < vocabulary; id++) {
            row[id] = known.test(id) ? 0 : Float.NEGATIVE_INFINITY;
        }
        return row;
    }
}
