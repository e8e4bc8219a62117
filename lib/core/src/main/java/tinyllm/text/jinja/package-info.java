/**
 * The part of Jinja that chat templates use, as an interpreter of our own: every string remembers which of its characters the
 * template wrote and which came in as data, every step and character is counted, and nothing reaches Java by reflection
 * (chapter 1.6).
 *
 * <p>Lexer → {@link tinyllm.text.jinja.Parser} → tree ({@link tinyllm.text.jinja.Stmt}, {@link tinyllm.text.jinja.Expr}) →
 * {@link tinyllm.text.jinja.Interpreter}. Values are {@link tinyllm.text.jinja.Str}, Long, BigInteger, Double, Boolean, List,
 * Map, {@link tinyllm.text.jinja.None}, {@link tinyllm.text.jinja.Undefined}, and a few types of Jinja's own.
 */
@NullMarked
package tinyllm.text.jinja;

import org.jspecify.annotations.NullMarked;
