package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that may come next in each state, remembered: a walk over a vocabulary of 150,000 tokens takes milliseconds, a look-up
 * none. Shared by all sequences of one schema; safe for use by several threads.
 */
public final class TokenMasks {

    /** 20 kB each for the largest vocabularies. */
    private static final int REMEMBERED = 512;

    /** Bytes to an end from which on they count as tokens: the way is not looked at. */
    private static final int LONG_WAY = 20_000;

    private static final int UNREACHABLE = Integer.MAX_VALUE / 2;

    /** Tokens by which an estimate of the way to an end may be wrong, before it is worked out for each token. */
    private static final int SLACK = 16;

    /** Edges for one mask: some tenths of a second. A usual schema takes a hundredth of it. */
    private static final long MOST_WORK = 20_000_000;

    private static final TokenTrie.Path ANY = (from, to) -> true;

    private final TokenTrie trie;
    private final Machine machine;
    private final Map<Machine.State, TokenSet> masks = lru(REMEMBERED);
    private final Map<Machine.State, Integer> costs = lru(8 * REMEMBERED);
    private final Map<Expr, Optional<TokenLoop>> loops = new IdentityHashMap<>();

    public TokenMasks(TokenTrie trie, Grammar grammar) {
        this.trie = trie;
        this.machine = new Machine(grammar);
    }

    private static <T> Map<Machine.State, T> lru(int most) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Machine.State, T> eldest) {
                return size() > most;
            }
        };
    }

    public Machine.State start() {
        return machine.start();
    }

    /** The state behind a token's bytes, or null when they don't fit. */
    public synchronized Machine.@Nullable State after(Machine.State state, byte[] bytes) {
        machine.allow(MOST_WORK);
        Machine.State now = state;
        for (byte b : bytes) {
            now = now == null ? null : now.next(b & 255);
        }
        return now;
    }

    public synchronized boolean ends(Machine.State state) {
        return state.ends();
    }

    /**
     * Tokens after which the text can still become a whole within the tokens left, counting this one; where none can, those that come
     * nearest to an end.
     *
     * @throws GrammarException when that takes more work than a request may have
     */
    public synchronized TokenSet allowed(Machine.State state, int tokensLeft) {
        machine.allow(MOST_WORK);
        TokenSet all = all(state);
        long left = tokensLeft - 1L;
        if (all.longest() <= left || cost(state) + Math.max(0, all.longest() - state.shortest()) + SLACK <= left) {
            return all;
        }
        return within(state, tokensLeft - 1);
    }

    private TokenSet all(Machine.State state) {
        TokenSet known = masks.get(state);
        if (known == null) {
            Machine.Loop place = state.loop();
            TokenLoop loop = place == null ? null : loop(place.body());
            known = place == null || loop == null ? walked(state) : loop.at(place, state.shortest(), trie);
            masks.put(state, known);
        }
        return known;
    }

    private TokenSet walked(Machine.State state) {
        TokenSet found = new TokenSet(trie.vocabulary());
        trie.walk(state, ANY, (id, after) -> found.add(id, after.shortest()));
        return found;
    }

    private @Nullable TokenLoop loop(Expr body) {
        if (!Parts.hasRule(body)) {
            return trie.loop(body);
        }
        return loops.computeIfAbsent(body, key -> Optional.ofNullable(TokenLoop.of(key, machine, trie)))
                .orElse(null);
    }

    private TokenSet within(Machine.State state, int left) {
        TokenSet found = new TokenSet(trie.vocabulary());
        TokenSet nearest = new TokenSet(trie.vocabulary());
        int[] best = {Integer.MAX_VALUE};
        trie.walk(state, ANY, (id, after) -> {
            if (after.shortest() <= left || cost(after) <= left) {
                found.add(id, after.shortest());
            } else if (found.isEmpty() && cost(after) < best[0]) {
                best[0] = cost(after);
            }
        });
        if (found.isEmpty() && !state.ends()) {
            trie.walk(state, ANY, (id, after) -> {
                if (cost(after) <= best[0]) {
                    nearest.add(id, after.shortest());
                }
            });
            return nearest;
        }
        return found;
    }

    /** Tokens to an end along a shortest text, each step by the longest token there is: at most as many as its bytes. */
    private int cost(Machine.State state) {
        if (state.shortest() > LONG_WAY) {
            return (int) Math.min(Integer.MAX_VALUE, state.shortest());
        }
        List<Machine.State> path = new ArrayList<>();
        Machine.State now = state;
        Integer known = costs.get(now);
        while (known == null && now.shortest() > 0) {
            path.add(now);
            Machine.State next = furthest(now);
            if (next == null) {
                known = UNREACHABLE;
            } else {
                now = next;
                known = costs.get(now);
            }
        }
        int cost = known == null ? 0 : known;
        for (Machine.State from : path.reversed()) {
            cost = Math.min(cost + 1, UNREACHABLE);
            costs.put(from, cost);
        }
        return cost;
    }

    /** Behind the longest token that goes along a shortest text; null when a byte of it is in no token. */
    private Machine.@Nullable State furthest(Machine.State from) {
        Machine.State[] best = {null};
        trie.walk(from, (x, y) -> y.shortest() == x.shortest() - 1, (id, after) -> {
            if (best[0] == null || after.shortest() < best[0].shortest()) {
                best[0] = after;
            }
        });
        return best[0];
    }
}
