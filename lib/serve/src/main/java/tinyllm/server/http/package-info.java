/**
 * HTTP without any knowledge of models: a server on Netty that bounds what a client can cost (time, bytes, connections), tells a handler
 * when its client is gone, and writes server-sent events in order. Chapter 3.8 builds an event stream on it.
 */
@NullMarked
package tinyllm.server.http;

import org.jspecify.annotations.NullMarked;
