/**
 * The commands of the {@code lab} script: each reads its options, calls the library that the notebooks call, and prints
 * either text or one JSON object (chapter 0.1 shows the first ones).
 */
@NullMarked
package tinyllm.cli;

import org.jspecify.annotations.NullMarked;
