package tinyllm.sampling;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.grammar.TokenSet;
import tinyllm.text.Tokenizer;

/**
 * Leaves a text free until it writes a mark, and holds what follows it to a grammar until that is whole: a model answers in prose or
 * calls a tool, as it likes, and each call that it begins is one that can be read.
 */
public final class CallConstraint implements TokenConstraint {
    private final Ready ready;
    private byte[] tail = {};
    private boolean done;
    private @Nullable JsonConstraint held;

    private CallConstraint(Ready ready) {
        this.ready = ready;
    }

    /** Made ready for one tokenizer; shared by all texts, from any thread. */
    public static final class Ready {
        private final byte[] mark;
        private final JsonConstraint.Ready call;
        private final boolean many;
        private final Tokenizer tokenizer;
        private final TokenSet everything;
        private final TokenSet nothing;

        /**
         * @param mark what begins a call
         * @param call what comes behind the mark, to the call's end
         * @param many whether the text goes on behind a call
         */
        public Ready(String mark, JsonConstraint.Ready call, boolean many, Tokenizer tokenizer) {
            this.mark = mark.getBytes(StandardCharsets.UTF_8);
            this.call = call;
            this.many = many;
            this.tokenizer = tokenizer;
            this.everything = TokenSet.all(tokenizer.vocabSize());
            this.nothing = TokenSet.none(tokenizer.vocabSize());
        }

        /** The constraint of a new text. */
        public CallConstraint start() {
            return new CallConstraint(this);
        }
    }

    @Override
    public boolean free() {
        return held == null && !done;
    }

    @Override
    public TokenSet allowed(int tokensLeft) {
        if (held != null) {
            return held.allowed(tokensLeft);
        }
        return done ? ready.nothing : ready.everything;
    }

    @Override
    public boolean mayEnd() {
        return held == null;
    }

    @Override
    public void accept(int token) {
        if (held != null) {
            held.accept(token);
            closeWhole(held);
        } else if (!done && !ready.tokenizer.isSpecial(token)) {
            open(ready.tokenizer.bytes(token));
        }
    }

    /** A call is whole when it may end: its grammar ends at a mark of its own, and goes on nowhere. */
    private void closeWhole(JsonConstraint call) {
        if (call.mayEnd()) {
            held = null;
            tail = new byte[0];
            done = !ready.many;
        }
    }

    private void open(byte[] bytes) {
        byte[] text = Arrays.copyOf(tail, tail.length + bytes.length);
        System.arraycopy(bytes, 0, text, tail.length, bytes.length);
        int behind = behindMark(text);
        if (behind >= 0) {
            JsonConstraint call = ready.call.start();
            if (call.read(
                    Arrays.copyOfRange(text, behind, text.length))) { // else the token went past what a call may be
                held = call;
                closeWhole(call);
                return;
            }
        }
        tail = Arrays.copyOfRange(text, Math.max(0, text.length - ready.mark.length + 1), text.length);
    }

    private int behindMark(byte[] text) {
        for (int at = 0; at + ready.mark.length <= text.length; at++) {
            if (Arrays.equals(text, at, at + ready.mark.length, ready.mark, 0, ready.mark.length)) {
                return at + ready.mark.length;
            }
        }
        return -1;
    }
}
