package tinyllm.engine;

import java.util.List;

/**
 * A piece of a request's text, as it is streamed.
 *
 * @param index counted from 0
 * @param id the token; {@link #TAIL} for the last piece of a text that was held back until the end
 * @param text what became certain with this token: empty while a character is unfinished, or may be the begin of a stop string
 * @param logprob its natural-log probability at temperature 1, before penalties, bias and constraint; NaN when the request did not ask
 *     for it
 * @param top the most likely tokens at its place, as many as the request asked for
 */
public record Token(int index, int id, String text, double logprob, List<Likely> top) {

    /** The id of a piece that belongs to no token of its own. */
    public static final int TAIL = -1;

    public Token {
        top = List.copyOf(top);
    }

    /** What was held back until the end. */
    static Token tail(int index, String text) {
        return new Token(index, TAIL, text, Double.NaN, List.of());
    }
}
