package tinyllm.sampling.grammar;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;

/** Walks the tree and the automaton together, once for each state. */
public final class AllowedTokens implements AllowedTokensFn {

    private final Map<Integer, BitSet> known = new HashMap<>();
    private @Nullable ByteAutomaton automaton;
    private @Nullable TokenNode root;
    private int end;

    @Override
    public void begin(ByteAutomaton newAutomaton, TokenNode newRoot, int newEnd) {
        known.clear();
        automaton = newAutomaton;
        root = newRoot;
        end = newEnd;
    }

    @Override
    public BitSet allowed(int state) {
        ReferenceUse.note("4.3 mask");
        ByteAutomaton reading = automaton;
        TokenNode all = root;
        if (reading == null || all == null) {
            throw new IllegalStateException("begin comes first");
        }
        BitSet mask = known.get(state);
        if (mask == null) {
            mask = new BitSet();
            walk(reading, all, state, mask);
            mask.set(end, reading.accepts(state));
            known.put(state, mask);
        }
        return (BitSet) mask.clone();
    }

    private static void walk(ByteAutomaton automaton, TokenNode node, int state, BitSet into) {
        for (TokenNode child : node.children()) {
            int next = automaton.next(state, child.value());
            if (next >= 0) {
                for (int id : child.tokens()) {
                    into.set(id);
                }
                walk(automaton, child, next, into);
            }
        }
    }
}
