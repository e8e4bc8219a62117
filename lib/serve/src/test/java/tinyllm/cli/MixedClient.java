package tinyllm.cli;

import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tinyllm.server.http.Wire;

/** A client that asks for one thing after the other by chance, on connections that it keeps or drops, until it is stopped. */
final class MixedClient {

    private static final String SCHEMA =
            "{'type':'object','properties':{'a':{'type':'integer','minimum':0,'maximum':999},'b':{'enum':['x','y']}},"
                    + "'required':['a','b'],'additionalProperties':false}";
    private static final String[] QUESTIONS = {
        "/v1/chat/completions {'messages':[{'role':'user','content':'Hello'}],'stream':true,'max_tokens':MOST}",
        "/v1/chat/completions {'messages':[{'role':'user','content':'Hello there'}],'n':2,'max_tokens':MOST}",
        "/v1/chat/completions {'messages':[{'role':'user','content':'x'}],'logprobs':true,'top_logprobs':3,'max_tokens':MOST}",
        "/v1/chat/completions {'messages':[{'role':'user','content':'x'}],'response_format':{'type':'json_schema',"
                + "'json_schema':{'name':'s','schema':" + SCHEMA + "}},'max_tokens':80}",
        "/v1/chat/completions {'messages':[{'role':'user','content':'x'}],'stream':true,'tool_choice':'required','tools':"
                + "[{'type':'function','function':{'name':'f','parameters':" + SCHEMA + "}}],'max_tokens':80}",
        "/v1/completions {'prompt':['the sky','the sea'],'stream':true,'max_tokens':MOST}",
        "/v1/completions {'prompt':'a longer prompt of some more words than the others have','max_tokens':MOST}",
        "/v1/responses {'input':'Hello','stream':true,'max_output_tokens':MOST}",
        "/v1/responses {'input':'Hello','max_output_tokens':MOST}",
        "/v1/completions {'prompt':'x','max_tokens':-1}",
        "/v1/completions {'prompt':'x','frobnicate':1}",
        "/v1/completions {'prompt':'x',",
        "/v1/completions {'prompt':'LARGE'}",
        "/v1/embeddings {'input':'x'}",
        "/v1/chat/completions {'messages':[{'role':'wizard','content':'x'}]}",
    };

    private final Random random;
    private final int port;
    private final Map<String, Long> outcomes;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile @Nullable Throwable wrong;

    MixedClient(int seed, int port, Map<String, Long> outcomes) {
        this.random = new Random(seed);
        this.port = port;
        this.outcomes = outcomes;
        this.thread = Thread.ofVirtual().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    void stop() {
        stopped = true;
    }

    void join() throws InterruptedException {
        thread.join();
    }

    /** What it did not expect; null when there was no such thing. */
    @Nullable
    Throwable wrong() {
        return wrong;
    }

    private void run() {
        try {
            while (!stopped) {
                try (Wire wire = Wire.open(port)) {
                    wire.socket().setSoTimeout(60_000);
                    for (int asked = random.nextInt(6); asked >= 0 && !stopped && ask(wire); asked--) {}
                }
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            wrong = e;
        }
    }

    /** @return whether the connection can be used again */
    private boolean ask(Wire wire) throws IOException, InterruptedException {
        String[] question = QUESTIONS[random.nextInt(QUESTIONS.length)].split(" ", 2);
        String body = question[1]
                .replaceFirst("\\{", "{'model':'tiny','temperature':1.2,'seed':" + random.nextInt(1000) + ",")
                .replace("MOST", Integer.toString(1 + random.nextInt(60)))
                .replace("LARGE", "words ".repeat(20_000))
                .replace('\'', '"');
        wire.send(Wire.post(question[0], body));
        if (random.nextInt(4) == 0) {
            TimeUnit.MICROSECONDS.sleep(random.nextInt(200_000));
            if (random.nextBoolean()) {
                wire.reset();
            }
            count("left");
            return false;
        }
        String head = wire.head();
        int status = Integer.parseInt(head.split(" ", 3)[1]);
        count(Integer.toString(status));
        if (head.toLowerCase(java.util.Locale.ROOT).contains("transfer-encoding: chunked")) {
            String stream = wire.chunks();
            if (!stream.endsWith("\n\n") || stream.contains("\"error\":{")) {
                throw new IOException("a stream ended with " + stream.substring(Math.max(0, stream.length() - 300)));
            }
        } else {
            wire.body(head);
        }
        return !head.toLowerCase(java.util.Locale.ROOT).contains("connection: close");
    }

    private void count(String outcome) {
        outcomes.merge(outcome, 1L, Long::sum);
    }
}
