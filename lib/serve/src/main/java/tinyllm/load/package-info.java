/**
 * A load for any server that speaks OpenAI's protocol, and what each request saw of it: when it was to be sent, when it was, when its
 * tokens came and how it ended (chapter 3.8). {@code ./lab bench serve} measures with it, and a notebook's visitors come by it. Plain
 * Java on the JDK's own HTTP client, with a virtual thread for each request.
 *
 * <pre>{@code
 * var trace = new TraceGenerator(1, 4, Lengths.logUniform(16, 128), Lengths.uniform(8, 64), 1);   // four requests a second
 * LoadReport report = Load.on("http://localhost:8080").open(trace, 100);
 * report.firstToken().p95();                          // seconds
 * report.goodput(new ServiceLevel(1.0, 0.1));         // requests/s within it
 * LoadCharts.latencies(report);
 * Load.on("http://localhost:8080").watcher(new Watcher() {          // sees each piece of text, and says when a client leaves
 *     @Override
 *     public void text(int request, String piece) {
 *         System.out.print(piece);
 *     }
 * }).ask("Why is the sky blue?", 64);
 * }</pre>
 */
@NullMarked
package tinyllm.load;

import org.jspecify.annotations.NullMarked;
