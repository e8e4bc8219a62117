/**
 * A language of bytes, and which tokens may come next in it: expressions, the machine that reads them lazily, and the tokens whose
 * bytes it would take (chapter 4.3; Willard and Louf 2023, "Efficient Guided Generation for Large Language Models").
 */
@NullMarked
package tinyllm.sampling.grammar;

import org.jspecify.annotations.NullMarked;
