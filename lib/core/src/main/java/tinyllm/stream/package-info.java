/**
 * A request's answer on its way to a client: bytes of tokens become characters, characters become events of OpenAI's format, and events
 * go out until the answer ends or the client leaves (chapter 3.8). Knows neither the engine nor HTTP.
 */
@NullMarked
package tinyllm.stream;

import org.jspecify.annotations.NullMarked;
