package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An automaton whose states are expressions: what may still come. A state is numbered when it is first reached, and each of its bytes is
 * worked out once. For one thread at a time.
 */
public final class DerivativeAutomaton implements ByteAutomaton {

    private static final int MAX_STATES = 20_000;
    private static final int UNKNOWN = -2;

    private final DerivativeFn derivative;
    private final Map<Expr, Integer> numbers = new HashMap<>();
    private final List<Expr> states = new ArrayList<>();
    private final List<int[]> next = new ArrayList<>();

    /**
     * @param expr without rules and intersections, as {@link Grammar#expanded} gives it
     * @param derivative may be a learner's
     * @throws GrammarException when a rule or an intersection is in it
     */
    public DerivativeAutomaton(Expr expr, DerivativeFn derivative) {
        Parts.refuseRulesAndIntersections(expr);
        this.derivative = derivative;
        number(expr);
    }

    @Override
    public int start() {
        return 0;
    }

    @Override
    public int next(int state, int value) {
        int[] row = next.get(state);
        if (row[value] == UNKNOWN) {
            Expr rest = derivative.after(states.get(state), value);
            if (rest == null) {
                throw new IllegalStateException(
                        "what may follow byte " + value + " of " + states.get(state) + " is null");
            }
            row[value] = rest.equals(Expr.NOTHING) ? DEAD : number(rest);
        }
        return row[value];
    }

    @Override
    public boolean accepts(int state) {
        return derivative.mayEnd(states.get(state));
    }

    /** What may still come in a state. */
    public Expr rest(int state) {
        return states.get(state);
    }

    /** How many states were reached so far. */
    public int size() {
        return states.size();
    }

    /** Whether a whole text is in the language. */
    public boolean accepts(byte[] text) {
        int state = start();
        for (int i = 0; i < text.length && state >= 0; i++) {
            state = next(state, text[i] & 255);
        }
        return state >= 0 && accepts(state);
    }

    private int number(Expr expr) {
        Integer known = numbers.get(expr);
        if (known != null) {
            return known;
        }
        if (states.size() == MAX_STATES) {
            throw new GrammarException("the automaton has more than " + MAX_STATES
                    + " states: equal rests have to be equal expressions, which Expr.then and Expr.anyOf see to");
        }
        int[] row = new int[256];
        Arrays.fill(row, UNKNOWN);
        states.add(expr);
        next.add(row);
        numbers.put(expr, states.size() - 1);
        return states.size() - 1;
    }

    static GrammarException unexpected(Expr expr) {
        return new GrammarException("derivatives of " + expr.getClass().getSimpleName() + " are not taken here");
    }
}
