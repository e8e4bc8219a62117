package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a vocabulary's tokens do inside a repetition, such as the characters of a string: how many rounds each takes if it stays inside,
 * and where tokens may leave. Found by one walk; then every place of every such repetition, with whatever behind it, needs none.
 */
final class TokenLoop {

    /** More rounds than any token has. */
    private static final int MOST = Short.MAX_VALUE;

    private final short[] rounds; // of each token; -1 when it does not stay inside
    private final List<List<Exit>> exits = new ArrayList<>(); // by the byte that is the first outside
    private long longestInside;

    /** A node of the tree whose byte is the first outside. */
    private record Exit(int node, int rounds) {}

    private TokenLoop(int vocabulary) {
        rounds = new short[vocabulary];
        Arrays.fill(rounds, (short) -1);
        for (int value = 0; value < 256; value++) {
            exits.add(new ArrayList<>());
        }
    }

    /**
     * @param whole has the body's rules and intersections worked out
     * @return null when rounds of this repetition can't be counted: a round may be empty, or one text is several numbers of rounds
     */
    static @Nullable TokenLoop of(Expr body, Machine whole, TokenTrie trie) {
        if (whole.shortest(body) == 0) {
            return null;
        }
        Expr.Repeat counted = new Expr.Repeat(body, 0, MOST);
        Machine machine = whole.of(counted);
        TokenLoop loop = new TokenLoop(trie.vocabulary());
        boolean[] sound = {true};
        trie.explore(machine.start(), new TokenTrie.Explorer() {
            @Override
            public void token(int id, Machine.State after) {
                long begun = after.rounds(counted);
                sound[0] &= begun > 0;
                loop.rounds[id] = (short) begun;
                loop.longestInside = Math.max(loop.longestInside, after.shortest());
            }

            @Override
            public void node(int node, int label, Machine.State before) {
                if (sound[0] && before.ends()) {
                    long begun = before.rounds(counted);
                    sound[0] &= begun >= 0;
                    loop.exits.get(label).add(new Exit(node, (int) begun));
                }
            }
        });
        return sound[0] ? loop : null;
    }

    /**
     * Tokens that may come next at a place of such a repetition.
     *
     * @param shortest bytes to an end from there
     */
    TokenSet at(Machine.Loop place, long shortest, TokenTrie trie) {
        TokenSet found = new TokenSet(trie.vocabulary());
        Machine.State behind = place.behind();
        long toEnd = shortest + longestInside; // a round that was begun, at most, on top of what was missing before
        for (int id = 0; id < rounds.length; id++) {
            if (rounds[id] >= 0 && rounds[id] <= place.left()) {
                found.add(id, toEnd);
            }
        }
        for (int value = 0; value < 256; value++) {
            Machine.State outside = behind.next(value);
            if (outside != null) {
                for (Exit exit : exits.get(value)) {
                    if (exit.rounds >= place.needed() && exit.rounds <= place.left()) {
                        trie.walkFrom(exit.node, outside, (id, after) -> found.add(id, after.shortest()));
                    }
                }
            }
        }
        return found;
    }
}
