/**
 * Many requests share one model. A scheduler knows counts alone and says what one step does (chapters 2.6 and 2.7); the engine carries its
 * plans out on pages and the model, and each request streams its own tokens. The plain decode loop serves one request (chapters 1.6
 * and 2.1).
 */
@NullMarked
package tinyllm.engine;

import org.jspecify.annotations.NullMarked;
