package tinyllm.engine;

/**
 * A piece of a request's text, as it is streamed.
 *
 * @param index counted from 0
 * @param id the token; {@link #TAIL} for the last piece of a text that was held back until the end
 * @param text what became certain with this token: empty while a character is unfinished, or may be the begin of a stop string
 * @param logprob its natural-log probability at temperature 1; NaN when the request did not ask for it
 */
public record Token(int index, int id, String text, double logprob) {

    /** The id of a piece that belongs to no token of its own. */
    public static final int TAIL = -1;
}
