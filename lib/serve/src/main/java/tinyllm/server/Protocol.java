package tinyllm.server;

import tinyllm.engine.Engine;
import tinyllm.server.http.Routes;

/** What the server understands: the routes that ask its engine for texts. */
@FunctionalInterface
public interface Protocol {

    /**
     * The routes over an engine. A handler submits to it, lets its {@link tinyllm.engine.RefusedException} pass or answers it, and cancels
     * its requests when {@link tinyllm.server.http.Exchange#onGone} says so.
     */
    Routes routes(Engine engine);
}
