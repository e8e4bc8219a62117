package tinyllm.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Incremental detokenizer that never emits half a UTF-8 character: the bytes of an unfinished one wait for the next token.
 * What {@link #push} and {@link #finish} return, joined, is what {@link Tokenizer#decode} gives for all ids at once. One per
 * request, owned by one thread.
 */
public final class TextStream {
    private final Tokenizer tokenizer;
    private final boolean skipSpecials;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private ByteBuffer pending = ByteBuffer.allocate(0);
    private boolean finished;

    /** Special tokens appear as they are written. */
    public TextStream(Tokenizer tokenizer) {
        this(tokenizer, false);
    }

    /** @param skipSpecials whether special tokens are left out of the text */
    public TextStream(Tokenizer tokenizer, boolean skipSpecials) {
        this.tokenizer = tokenizer;
        this.skipSpecials = skipSpecials;
    }

    /**
     * The text that became complete with this token, possibly empty.
     *
     * @throws IllegalArgumentException for an id that the tokenizer does not know
     * @throws IllegalStateException after {@link #finish}
     */
    public String push(int id) {
        if (finished) {
            throw new IllegalStateException("This TextStream has finished: make a new one for the next request.");
        }
        if (skipSpecials && tokenizer.isSpecial(id)) {
            return "";
        }
        return decode(tokenizer.bytes(id), false);
    }

    /** What is left at the end; an unfinished character becomes U+FFFD. A second call gives the empty string. */
    public String finish() {
        if (finished) {
            return "";
        }
        finished = true;
        return decode(new byte[0], true);
    }

    private String decode(byte[] bytes, boolean last) {
        ByteBuffer in = ByteBuffer.allocate(pending.remaining() + bytes.length)
                .put(pending)
                .put(bytes)
                .flip();
        CharBuffer out = CharBuffer.allocate(in.remaining() + 2); // UTF-8 never has more chars than bytes
        decoder.decode(in, out, last);
        if (last) {
            decoder.flush(out);
        }
        pending = in;
        return out.flip().toString();
    }
}
