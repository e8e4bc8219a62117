package tinyllm.sampling.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a grammar byte by byte. A state is the set of all ways on; it is made when it is first reached, and remembered. A way on that
 * can never end is dropped, so every state has an end. For one thread at a time.
 */
public final class Machine {

    /** States and ways that are remembered; above it all are forgotten, which costs time and nothing else. */
    private static final int REMEMBERED = 100_000;

    /** Ways on at once: a hostile pattern's would grow without end. */
    private static final int MAX_WAYS = 20_000;

    /** Edges, expressions and pairs that may be looked at to make one: about a second. A usual schema takes a thousandth. */
    private static final long MOST_WORK = 50_000_000;

    private final WorkBudget work =
            new WorkBudget(MOST_WORK, "to find what may come next takes too long: it can be read in too many ways");
    private Lengths lengths = new Lengths(List.of(), Map.of(), work);
    private final List<Expr> rules;
    private final Map<WayKey, Way> ways = new HashMap<>();
    private final Map<List<Way>, State> states = new HashMap<>();
    private final Map<List<State>, Long> meetings = new HashMap<>();
    private final Map<Expr, Integer> ids = new IdentityHashMap<>();
    private final State start;
    private int serial;

    private record WayKey(
            int expr, long a, long b, @Nullable Way rest) {}

    /**
     * @throws GrammarException when no string is in the language, or to make it takes too long
     */
    public Machine(Grammar grammar) {
        this.rules = grammar.rules();
        Map<Expr, Long> known = new IdentityHashMap<>();
        this.lengths = new Lengths(rules, known, work);
        for (List<Expr.Both> alike : Parts.intersections(grammar)) { // none of them holds another
            for (Expr.Both both : alike) {
                known.put(both, Meeting.shortest(side(both.left()), side(both.right()), work));
            }
            this.lengths = new Lengths(rules, known, work);
            forget();
        }
        this.start = begin(grammar.root());
        work.allow(Long.MAX_VALUE);
    }

    /** Reads a part of a grammar that another has worked out. */
    private Machine(Expr part, Machine whole) {
        this.rules = whole.rules;
        this.lengths = whole.lengths;
        this.start = begin(part);
    }

    /** Of an expression with this machine's rules, and no intersections but this machine's. */
    Machine of(Expr part) {
        return new Machine(part, this);
    }

    private State begin(Expr root) {
        Way whole = end(fresh(root, null));
        if (whole.shortest >= Lengths.NEVER) {
            throw new GrammarException("nothing can satisfy it: no value is allowed");
        }
        return state(List.of(whole));
    }

    long shortest(Expr expr) {
        return lengths.of(expr);
    }

    private State side(Expr expr) {
        return state(List.of(end(fresh(expr, null))));
    }

    public State start() {
        return start;
    }

    /** How many edges may be looked at from now on: what has been seen before costs none. */
    void allow(long edges) {
        work.allow(edges);
    }

    /** The rest of a string that may follow: an expression, how much of it is read, and what comes after it. */
    final class Way {
        private final Expr expr;
        private final long a; // repetitions still needed
        private final long b; // repetitions still allowed
        private final @Nullable State left; // sides of an intersection
        private final @Nullable State right;
        private final @Nullable Way rest; // null at the end
        private final long shortest;
        private final int order = serial++;
        private @Nullable Steps steps;

        private Way(Expr expr, long a, long b, @Nullable State left, @Nullable State right, @Nullable Way rest) {
            this.expr = expr;
            this.a = a;
            this.b = b;
            this.left = left;
            this.right = right;
            this.rest = rest;
            this.shortest = Math.min(Lengths.NEVER, here() + (rest == null ? 0 : rest.shortest));
        }

        private long here() {
            return switch (expr) {
                case Expr.Repeat repeat -> lengths.times(repeat, a);
                case Expr.Both both when left != null && right != null -> meeting(left, right);
                default -> lengths.of(expr);
            };
        }

        long shortest() {
            return shortest;
        }

        private Steps steps() {
            Steps known = steps;
            if (known == null) {
                known = new Steps(this);
                steps = known;
            }
            return known;
        }
    }

    private record Edge(ByteSet set, Way to) {}

    /** What a way can do at once: read a byte, or end. */
    private final class Steps {
        private final List<Edge> edges = new ArrayList<>();
        private final Set<Way> seen = new HashSet<>();
        private final Deque<Way> open = new ArrayDeque<>();
        private boolean ends;

        Steps(Way first) {
            follow(first);
            while (!open.isEmpty()) {
                enter(open.pop());
            }
            seen.clear();
        }

        private void follow(@Nullable Way way) {
            if (way == null) {
                ends = true;
            } else if (way.shortest < Lengths.NEVER && seen.add(way)) {
                open.push(way);
            }
        }

        private void enter(Way way) {
            work.spend(1);
            if (seen.size() > MAX_WAYS) {
                throw new GrammarException("it can go on in more than " + MAX_WAYS + " ways at one place");
            }
            switch (way.expr) {
                case Expr.Bytes bytes -> edges.add(new Edge(bytes.set(), end(way.rest)));
                case Expr.Seq seq -> follow(way.rest); // an empty one: others are taken apart when they are made
                case Expr.Choice choice -> choice.options().forEach(option -> follow(fresh(option, way.rest)));
                case Expr.Repeat repeat -> repeat(repeat, way);
                case Expr.Rule rule -> follow(fresh(rules.get(rule.id()), way.rest));
                case Expr.Both both -> both(both, way);
            }
        }

        private void repeat(Expr.Repeat repeat, Way way) {
            if (way.a == 0) {
                follow(way.rest);
            }
            if (way.b > 0) {
                long left = way.b == Expr.UNBOUNDED ? way.b : way.b - 1;
                Way rest = left == 0 ? way.rest : way(repeat, Math.max(0, way.a - 1), left, null, null, way.rest);
                follow(fresh(repeat.body(), rest));
            }
        }

        private void both(Expr.Both both, Way way) {
            State left = Objects.requireNonNull(way.left);
            State right = Objects.requireNonNull(way.right);
            if (left.ends() && right.ends()) {
                follow(way.rest);
            }
            Map<List<State>, ByteSet> pairs = new LinkedHashMap<>();
            for (int value = 0; value < 256; value++) {
                State l = left.next(value);
                State r = l == null ? null : right.next(value);
                if (l != null && r != null) {
                    pairs.merge(List.of(l, r), ByteSet.of(value), ByteSet::or);
                }
            }
            pairs.forEach((pair, set) ->
                    edges.add(new Edge(set, way(both, 0, 0, pair.getFirst(), pair.getLast(), way.rest))));
        }
    }

    private final Way finished = new Way(Expr.EMPTY, 0, 0, null, null, null);

    private Way end(@Nullable Way rest) {
        return rest == null ? finished : rest;
    }

    /** A way through an expression that begins, and then on; null is the end. */
    private @Nullable Way fresh(Expr expr, @Nullable Way rest) {
        return switch (expr) {
            case Expr.Seq seq -> {
                work.spend(seq.items().size());
                Way way = rest;
                for (Expr item : seq.items().reversed()) {
                    way = fresh(item, way);
                }
                yield way;
            }
            case Expr.Repeat repeat ->
                repeat.max() == 0 ? rest : way(repeat, repeat.min(), repeat.max(), null, null, rest);
            case Expr.Both both -> way(both, 0, 0, side(both.left()), side(both.right()), rest);
            default -> way(expr, 0, 0, null, null, rest);
        };
    }

    private long meeting(State left, State right) {
        List<State> pair = List.of(left, right);
        Long known = meetings.get(pair);
        if (known == null) {
            known = Meeting.shortest(left, right, work);
            meetings.put(pair, known);
        }
        return known;
    }

    private Way way(Expr expr, long a, long b, @Nullable State left, @Nullable State right, @Nullable Way rest) {
        int id = ids.computeIfAbsent(expr, key -> ids.size());
        WayKey key = left == null || right == null
                ? new WayKey(id, a, b, rest)
                : new WayKey(id, -1 - left.order, -1 - right.order, rest);
        Way known = ways.get(key);
        if (known == null) {
            known = new Way(expr, a, b, left, right, rest);
            ways.put(key, known);
        }
        return known;
    }

    private void forget() {
        states.clear();
        ways.clear();
        meetings.clear();
    }

    private State state(List<Way> all) {
        State known = states.get(all);
        if (known == null) {
            if (states.size() + ways.size() > REMEMBERED) {
                forget();
            }
            known = new State(all);
            states.put(all, known);
        }
        return known;
    }

    /** Where the reading is. */
    public final class State {
        private final List<Way> all; // in one order, none twice
        private final int order = serial++;
        private final long shortest;
        private @Nullable State @Nullable [] next;
        private boolean[] asked = new boolean[0];

        private State(List<Way> all) {
            this.all = all;
            this.shortest = all.stream().mapToLong(Way::shortest).min().orElse(Lengths.NEVER);
        }

        /** After one more byte; null when no string of the language goes on so. */
        public @Nullable State next(int value) {
            @Nullable State[] table = next;
            if (table == null) {
                table = new State[256];
                next = table;
                asked = new boolean[256];
            }
            if (!asked[value]) {
                table[value] = compute(value);
                asked[value] = true;
            }
            return table[value];
        }

        private @Nullable State compute(int value) {
            Set<Way> to = new HashSet<>();
            List<Way> ordered = new ArrayList<>();
            for (Way way : all) {
                List<Edge> edges = way.steps().edges;
                work.spend(edges.size());
                for (Edge edge : edges) {
                    if (edge.set.has(value) && edge.to.shortest < Lengths.NEVER && to.add(edge.to)) {
                        ordered.add(edge.to);
                    }
                }
            }
            if (ordered.size() > MAX_WAYS) {
                throw new GrammarException("it can go on in more than " + MAX_WAYS + " ways at one place");
            }
            ordered.sort(Comparator.comparingInt(way -> way.order));
            return ordered.isEmpty() ? null : state(ordered);
        }

        /** Whether what was read is a whole string of the language. */
        public boolean ends() {
            return all.stream().anyMatch(way -> way.steps().ends);
        }

        /** Fewest bytes that a whole string still takes. */
        public long shortest() {
            return shortest;
        }

        /** The repetition that this state stands in, at the border of two rounds and nowhere else; null otherwise. */
        @Nullable
        Loop loop() {
            Way way = all.getFirst();
            return all.size() == 1 && way.expr instanceof Expr.Repeat repeat
                    ? new Loop(repeat, way.a, way.b, way.rest)
                    : null;
        }

        /** Rounds that the outermost repetition has begun, if all ways agree on it; -1 otherwise. */
        long rounds(Expr.Repeat outermost) {
            long least = -1;
            for (Way way : all) {
                Way last = way;
                while (last.rest != null) {
                    last = last.rest;
                }
                long begun = last.expr == outermost ? outermost.max() - last.b : -1;
                if (begun < 0 || least >= 0 && least != begun) {
                    return -1;
                }
                least = begun;
            }
            return least;
        }
    }

    /** A place between two rounds of a repetition. */
    final class Loop {
        private final Expr.Repeat repeat;
        private final long needed;
        private final long left;
        private final @Nullable Way rest;

        private Loop(Expr.Repeat repeat, long needed, long left, @Nullable Way rest) {
            this.repeat = repeat;
            this.needed = needed;
            this.left = left;
            this.rest = rest;
        }

        Expr body() {
            return repeat.body();
        }

        long needed() {
            return needed;
        }

        long left() {
            return left;
        }

        /** Where the machine is once the repetition is over. */
        State behind() {
            return state(List.of(end(rest)));
        }
    }
}
