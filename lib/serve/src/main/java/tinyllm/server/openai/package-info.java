/**
 * What OpenAI's clients say and want to hear, without HTTP: a request's JSON is checked field by field and becomes requests of the
 * engine, and the engine's tokens become objects or events. What would change an answer and is not understood is refused by name
 * (chapter 3.8).
 */
@NullMarked
package tinyllm.server.openai;

import org.jspecify.annotations.NullMarked;
