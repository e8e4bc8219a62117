package tinyllm.lab.exercises.sampling;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.ByteAutomaton;
import tinyllm.sampling.grammar.TokenNode;

/** A right answer to "4.3 mask" in small steps: a mistake replaces one of them. */
class AllowedSteps implements AllowedTokensFn {

    final Map<Integer, BitSet> known = new HashMap<>();
    int end;
    private @Nullable ByteAutomaton reading;
    private @Nullable TokenNode top;

    @Override
    public void begin(ByteAutomaton automaton, TokenNode root, int endId) {
        known.clear();
        reading = automaton;
        top = root;
        end = endId;
    }

    ByteAutomaton automaton() {
        return Objects.requireNonNull(reading);
    }

    TokenNode root() {
        return Objects.requireNonNull(top);
    }

    @Override
    public BitSet allowed(int state) {
        return known.computeIfAbsent(state, this::found);
    }

    BitSet found(int state) {
        BitSet mask = new BitSet();
        walk(root(), state, mask);
        mask.set(end, ends(state, mask));
        return mask;
    }

    boolean ends(int state, BitSet others) {
        return automaton().accepts(state);
    }

    void walk(TokenNode node, int state, BitSet into) {
        for (TokenNode child : node.children()) {
            int next = automaton().next(state, child.value());
            if (alive(next)) {
                take(child, next, into);
                below(child, state, next, into);
            }
        }
    }

    boolean alive(int state) {
        return state >= 0;
    }

    void take(TokenNode node, int state, BitSet into) {
        for (int id : node.tokens()) {
            into.set(id);
        }
    }

    void below(TokenNode node, int before, int state, BitSet into) {
        walk(node, state, into);
    }
}
