/**
 * The server in a notebook's own process: {@code serve(model, policy)} serves real clients by a learner's policy and event stream, and
 * keeps what every request did (chapter 3.8). Visitors come over HTTP, as many and as often as a seeded load says.
 */
@NullMarked
package tinyllm.server.notebook;

import org.jspecify.annotations.NullMarked;
