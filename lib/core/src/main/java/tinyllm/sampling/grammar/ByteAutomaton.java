package tinyllm.sampling.grammar;

/** Reads bytes one by one: states are numbers, and each byte leads from one to the next (chapter 4.3). */
public interface ByteAutomaton {

    /** Where no text of the language is left. */
    int DEAD = -1;

    /** The state before the first byte, 0 or more. */
    int start();

    /**
     * @param state 0 or more, one that this automaton has given
     * @param value of the byte, 0…255
     * @return the state behind the byte; below 0, {@link #DEAD}, when no text of the language goes on so
     */
    int next(int state, int value);

    /** Whether what was read is a whole text of the language. */
    boolean accepts(int state);
}
