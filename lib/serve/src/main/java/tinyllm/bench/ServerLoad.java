package tinyllm.bench;

import java.io.IOException;
import java.util.Iterator;
import tinyllm.engine.Simulation;
import tinyllm.load.Lengths;
import tinyllm.load.LoadReport;
import tinyllm.load.Sample;
import tinyllm.load.TraceGenerator;

/**
 * A closed loop of requests of one size, the same for every server.
 *
 * @param clients that ask at once
 * @param count of requests, of all clients together
 * @param promptTokens of each
 * @param tokens that each writes
 */
public record ServerLoad(int clients, int count, int promptTokens, int tokens) {

    public ServerLoad {
        if (clients < 1 || count < clients || promptTokens < 1 || tokens < 2) {
            throw new IllegalArgumentException(
                    "a load needs clients, a request or more for each, prompts of 1 token or more"
                            + " and answers of 2 or more, not " + clients + " clients, " + count + " requests, "
                            + promptTokens
                            + " and " + tokens + " tokens");
        }
    }

    Iterator<Simulation.Request> requests(int some) {
        return TraceGenerator.atOnce(1, Lengths.fixed(promptTokens), Lengths.fixed(tokens))
                .requests(some);
    }

    /**
     * A report of this load, if it is one.
     *
     * @throws IOException when an answer failed, or is not as long as it has to be: then tokens/s would compare different work
     */
    LoadReport checked(LoadReport report) throws IOException {
        for (Sample sample : report.samples()) {
            if (!sample.ok() || sample.tokens() != tokens || Math.abs(sample.promptTokens() - promptTokens) > 2) {
                throw new IOException(report.url() + " did not answer as it had to: " + sample.outcome() + ", "
                        + sample.promptTokens() + " tokens of prompt, " + sample.tokens() + " written, "
                        + sample.problem());
            }
        }
        return report;
    }
}
