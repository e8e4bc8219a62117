/**
 * A load for any server that speaks OpenAI's protocol, and what each request saw of it: when it was to be sent, when it was, when its
 * tokens came and how it ended (chapter 3.8). Plain Java on the JDK's own HTTP client, with a virtual thread for each request.
 *
 * <pre>{@code
 * var trace = new TraceGenerator(1, 4, Lengths.logUniform(16, 128), Lengths.uniform(8, 64), 1);   // four requests a second
 * LoadReport report = Load.on("http://localhost:8080").open(trace, 100);
 * report.firstToken().p95();                          // seconds
 * report.goodput(new ServiceLevel(1.0, 0.1));         // requests/s within it
 * LoadCharts.latencies(report);
 * }</pre>
 */
@NullMarked
package tinyllm.bench.load;

import org.jspecify.annotations.NullMarked;
