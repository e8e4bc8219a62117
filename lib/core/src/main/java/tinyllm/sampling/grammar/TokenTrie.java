package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.text.Tokenizer;

/**
 * A vocabulary's tokens by their bytes, as a tree laid out in preorder: a walk goes forward, and skips what lies under a node that fails.
 * Special tokens write no text and are not in it. Safe for use by several threads.
 */
public final class TokenTrie {
    private static final int[] NO_TOKENS = {};

    private final byte[] label; // of a node: the byte that leads to it
    private final short[] depth; // from 0
    private final int[] skip; // the first node behind its subtree
    private final int[][] tokens; // that end at a node
    private final int vocabulary;
    private final int deepest;
    private final Map<Expr, Optional<TokenLoop>> loops = new WeakHashMap<>();

    /** Of each tokenizer one: to build it takes longer than to choose many tokens, and nothing but the tokenizer decides what is in it. */
    private static final Map<Tokenizer, TokenTrie> BUILT = new WeakHashMap<>();

    private record Token(byte[] bytes, int id) {}

    /** The tokenizer's, built when it is first asked for. */
    public static TokenTrie of(Tokenizer tokenizer) {
        synchronized (BUILT) {
            return BUILT.computeIfAbsent(tokenizer, TokenTrie::new);
        }
    }

    /** @param tokenizer ids without text and those that it does not know are left out */
    public TokenTrie(Tokenizer tokenizer) {
        this(tokenizer.vocabSize(), id -> tokenizer.isSpecial(id) ? new byte[0] : known(tokenizer, id));
    }

    /** A vocabulary that is written down: token i has the i-th bytes; one without bytes is left out. */
    public TokenTrie(List<byte[]> texts) {
        this(texts.size(), texts::get);
    }

    private TokenTrie(int vocabulary, IntFunction<byte[]> texts) {
        this.vocabulary = vocabulary;
        List<Token> all = new ArrayList<>();
        for (int id = 0; id < vocabulary; id++) {
            byte[] bytes = texts.apply(id);
            if (bytes.length > 0 && bytes.length < Short.MAX_VALUE) {
                all.add(new Token(bytes, id));
            }
        }
        all.sort((x, y) -> Arrays.compareUnsigned(x.bytes, y.bytes));
        int nodes = 0;
        byte[] before = {};
        for (Token token : all) {
            nodes += token.bytes.length - shared(before, token.bytes);
            before = token.bytes;
        }
        label = new byte[nodes];
        depth = new short[nodes];
        skip = new int[nodes];
        tokens = new int[nodes][];
        deepest = fill(all);
    }

    private static byte[] known(Tokenizer tokenizer, int id) {
        try {
            return tokenizer.bytes(id);
        } catch (IllegalArgumentException hole) {
            return new byte[0];
        }
    }

    private static int shared(byte[] x, byte[] y) {
        int first = Arrays.mismatch(x, y);
        return first < 0 ? x.length : first;
    }

    private int fill(List<Token> all) {
        int[] open = new int[Short.MAX_VALUE]; // the node at each depth
        int node = 0;
        int top = 0;
        byte[] before = {};
        for (Token token : all) {
            int common = shared(before, token.bytes);
            for (int d = common; d < before.length; d++) {
                skip[open[d]] = node;
            }
            for (int d = common; d < token.bytes.length; d++) {
                label[node] = token.bytes[d];
                depth[node] = (short) d;
                open[d] = node++;
            }
            int last = open[token.bytes.length - 1];
            int[] ids = tokens[last] == null ? new int[1] : Arrays.copyOf(tokens[last], tokens[last].length + 1);
            ids[ids.length - 1] = token.id;
            tokens[last] = ids;
            before = token.bytes;
            top = Math.max(top, token.bytes.length);
        }
        for (int d = 0; d < before.length; d++) {
            skip[open[d]] = node;
        }
        return top;
    }

    /** What a walk is told: a token whose bytes the machine takes, and the state behind them. */
    interface Visitor {
        void token(int id, Machine.State after);
    }

    /** Which of the bytes that a state takes a walk goes along. */
    interface Path {
        boolean takes(Machine.State from, Machine.State to);
    }

    /** A visitor that is told of every node, too, whether or not the machine goes on there. */
    interface Explorer extends Visitor {
        void node(int node, int label, Machine.State before);
    }

    /** Every token that may come next. */
    void walk(Machine.State from, Path path, Visitor visitor) {
        run(0, label.length, from, path, visitor, null);
    }

    void explore(Machine.State from, Explorer explorer) {
        run(0, label.length, from, (x, y) -> true, explorer, explorer);
    }

    /** Tokens under a node, and its own, whose bytes before and at this node lead to a state. */
    void walkFrom(int node, Machine.State at, Visitor visitor) {
        report(node, at, visitor);
        if (skip[node] > node + 1) {
            run(node + 1, skip[node], at, (x, y) -> true, visitor, null);
        }
    }

    private void report(int node, Machine.State at, Visitor visitor) {
        int[] ids = tokens[node];
        if (ids != null) {
            for (int id : ids) {
                visitor.token(id, at);
            }
        }
    }

    private void run(int first, int end, Machine.State from, Path path, Visitor visitor, @Nullable Explorer explorer) {
        int top = depth[first];
        Machine.State[] at = new Machine.State[deepest - top + 1];
        at[0] = from;
        int node = first;
        while (node < end) {
            int d = depth[node] - top;
            Machine.State state = at[d];
            int value = label[node] & 255;
            if (explorer != null) {
                explorer.node(node, value, state);
            }
            Machine.State next = state.next(value);
            if (next == null || !path.takes(state, next)) {
                node = skip[node];
                continue;
            }
            at[d + 1] = next;
            report(node, next, visitor);
            node++;
        }
    }

    /** What tokens do inside a repetition, the same for all grammars; the body holds no rule. */
    synchronized @Nullable TokenLoop loop(Expr body) {
        return loops.computeIfAbsent(
                        body,
                        key -> Optional.ofNullable(TokenLoop.of(key, new Machine(Grammar.of(Expr.many(key))), this)))
                .orElse(null);
    }

    /** The tree's root, for whoever walks it node by node. */
    public TokenNode root() {
        return new Node(-1);
    }

    /** A place in preorder; −1 for the root. */
    private final class Node implements TokenNode {
        private final int at;

        Node(int at) {
            this.at = at;
        }

        @Override
        public int value() {
            return at < 0 ? -1 : label[at] & 255;
        }

        @Override
        public List<TokenNode> children() {
            int end = at < 0 ? label.length : skip[at];
            if (at + 1 >= end) {
                return List.of();
            }
            List<TokenNode> all = new ArrayList<>();
            for (int child = at + 1; child < end; child = skip[child]) {
                all.add(new Node(child));
            }
            return all;
        }

        @Override
        public int[] tokens() {
            return at < 0 || tokens[at] == null ? NO_TOKENS : tokens[at].clone();
        }
    }

    /** One more than the largest id. */
    public int vocabulary() {
        return vocabulary;
    }

    int nodes() {
        return label.length;
    }
}
