/**
 * The engine behind HTTP: which path does what, what is refused while it cannot serve, what it counts, and the process that starts it again
 * when it dies. The protocol itself is OpenAI's and lives in a package of its own; chapter 3.8 builds this server.
 */
@NullMarked
package tinyllm.server;

import org.jspecify.annotations.NullMarked;
