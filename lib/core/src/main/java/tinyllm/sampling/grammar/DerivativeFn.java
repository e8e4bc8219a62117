package tinyllm.sampling.grammar;

/**
 * What an expression leaves to be read (chapter 4.3; Brzozowski 1964). Asked about {@link Expr.Bytes}, {@link Expr.Seq}, {@link
 * Expr.Choice} and {@link Expr.Repeat}; rules and intersections do not come.
 */
public interface DerivativeFn {

    /** Whether the empty text is one of the expression's. */
    boolean mayEnd(Expr expr);

    /**
     * What may follow one byte.
     *
     * @param value of the byte, 0…255
     * @return the rests of all texts of the expression that begin with this byte; {@link Expr#NOTHING} when none does
     */
    Expr after(Expr expr, int value);
}
