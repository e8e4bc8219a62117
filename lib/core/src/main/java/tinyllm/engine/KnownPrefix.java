package tinyllm.engine;

/**
 * How much of a waiting request's text the prefix cache knows.
 *
 * @param tokens from the text's begin on, a whole number of pages; fewer than the text has
 * @param idlePages how many of these pages nobody holds: they count as free until the request takes them
 */
public record KnownPrefix(int tokens, int idlePages) {

    public static final KnownPrefix NOTHING = new KnownPrefix(0, 0);

    /** Looks a waiting request up; changes nothing. */
    @FunctionalInterface
    public interface Lookup {
        KnownPrefix of(Sequence waiting);
    }
}
