package tinyllm.lab.exercises.sampling;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import tinyllm.lab.check.Given;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.ByteAutomaton;
import tinyllm.sampling.grammar.Derivative;
import tinyllm.sampling.grammar.DerivativeAutomaton;
import tinyllm.sampling.grammar.Expr;
import tinyllm.sampling.grammar.TokenTrie;

/** A small vocabulary, an automaton that counts its steps, and what an answer allows behind some texts. */
final class AllowedRun {

    /** Counts how often somebody asks where a byte leads. */
    private static final class Counted implements ByteAutomaton {
        private final ByteAutomaton inner;
        private int steps;

        Counted(Expr expr) {
            inner = new DerivativeAutomaton(expr, new Derivative());
        }

        @Override
        public int start() {
            return inner.start();
        }

        @Override
        public int next(int state, int value) {
            steps++;
            return inner.next(state, value);
        }

        @Override
        public boolean accepts(int state) {
            return inner.accepts(state);
        }
    }

    private final List<byte[]> tokens;
    private final AllowedTokensFn answer;
    private Counted automaton;

    /** @param tokens as text, or as bytes in hexadecimal behind a #; the end token follows them */
    AllowedRun(AllowedTokensFn answer, Expr expr, String... tokens) {
        this.answer = answer;
        this.tokens = Arrays.stream(tokens).map(AllowedRun::bytes).toList();
        this.automaton = new Counted(expr);
        begin(expr);
    }

    private static byte[] bytes(String token) {
        return token.startsWith("#")
                ? HexFormat.of().parseHex(token.substring(1))
                : token.getBytes(StandardCharsets.UTF_8);
    }

    private int end() {
        return tokens.size();
    }

    /** Begins with another automaton over the same tokens. */
    void begin(Expr expr) {
        automaton = new Counted(expr);
        answer.begin(automaton, new TokenTrie(tokens).root(), end());
    }

    private int state(String text) {
        int state = automaton.start();
        for (byte b : bytes(text)) {
            state = automaton.next(state, b & 255);
        }
        return state;
    }

    /** What may come behind each text: the tokens' numbers, and "end". */
    List<String> behind(String... texts) {
        List<String> said = new ArrayList<>();
        for (String text : texts) {
            said.add("behind '" + text + "': " + told(Given.back(answer.allowed(state(text)), "allowed")));
        }
        return said;
    }

    private String told(BitSet allowed) {
        List<String> names = new ArrayList<>();
        allowed.stream().forEach(id -> names.add(id == end() ? "end" : id < end() ? shown(id) : "id " + id));
        return names.isEmpty() ? "none" : String.join(" ", names);
    }

    private String shown(int id) {
        return id + "=" + new String(tokens.get(id), StandardCharsets.UTF_8);
    }

    /** Steps of the automaton for one mask, and for the same again; "at most" where that many are enough. */
    List<String> steps(String text, int enough) {
        int state = state(text);
        List<String> said = new ArrayList<>();
        for (String time : List.of("first", "second")) {
            automaton.steps = 0;
            Given.back(answer.allowed(state), "allowed");
            int most = time.equals("first") ? enough : 0;
            said.add(
                    time + " time: " + (automaton.steps <= most ? "at most " + most : "" + automaton.steps) + " steps");
        }
        return said;
    }
}
