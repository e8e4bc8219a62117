// %% [markdown]
// # 3.8 Streaming server
//
// An engine that nobody can reach serves nobody. **You will build** the policy that says who goes first, the event stream that turns tokens into what
// OpenAI's clients read, and the cancel for clients that leave. **You will see** every request over time under load, and what percentiles tell that a
// mean hides. **You need** chapter 2.6; 2.7 and 3.1 help. **About 85 minutes** (an estimate).
//
// Run the next cell: visitors come over HTTP at random moments, a fifth more than this machine can serve, one in four with a long text, and some leave early. The same visitors twice, under two policies.

// %% tags=["thumbnail"]
int slots = 4;
var visitors = Visitors.busy(quick() ? 8 : 18, 1.2, BatchTimes.rates(fastModel()), slots, quick() ? 96 : 320, quick() ? 6 : 16);
var fair = LoadRun.firstCome(fastModel(), visitors, slots);
LoadRun.requests(fair, LoadRun.of("short ones first", fastModel(), new ShortestWithAgeing(), 50, visitors, slots))

// %% [markdown]
// A grey bar is a visitor who looks at an empty page. Nothing was computed faster in the second run; only the order is another.

// %% [markdown]
// ## Predict
//
// Six hundred visitors, and an engine that has work 90 % of the time. The shortest prompt always goes first, and waiting counts for nothing. **How many
// seconds does the one wait for the first token who waits longest?** Later in this chapter 600 simulated visitors will tell.

// %%
predict("3.8 longest", 60, "s")

// %% [markdown]
// ## The idea, small
//
// Three prompts wait, and a machine reads $P = 140$ tokens/s. Each sees its first token when everybody before it and it itself has been read. The
// sum of the work is the same in any order; the sum of the **waiting** is not. Change the order:

// %%
double P = 140;                              // prompt tokens per second
for (int[] order : new int[][] {{400, 20, 30}, {20, 30, 400}}) {
    double now = 0, waits = 0;
    for (int tokens : order) {
        now += tokens / P;
        waits += now;
    }
    System.out.printf("%-15s first tokens after %.2f s in the mean, the last after %.2f s%n", Arrays.toString(order), waits / 3, now);
}

// %% [markdown]
// Why does anybody wait at all, if the machine is fast enough? Because visitors do not come evenly. With $\lambda$ visitors per second who take the time $S$
// each, the machine is busy for the share $\rho = \lambda\,\mathrm{E}[S]$, and, first come first served, one at a time, the mean wait is (Pollaczek and Khinchine)
//
// $$W = \frac{\lambda\,\mathrm{E}[S^2]}{2\,(1 - \rho)}$$
//
// $\mathrm{E}[S^2]$ says that a few long ones hurt everybody, and $1 - \rho$ that the last percents of load are the dear ones:

// %%
double brief = 0.3, lengthy = 3.0, share = 0.25;                       // seconds of work, and the share of long ones
double mean = (1 - share) * brief + share * lengthy, square = (1 - share) * brief * brief + share * lengthy * lengthy;
for (double load : new double[] {0.5, 0.8, 0.9, 0.95, 0.99}) {
    System.out.printf("busy %2.0f %%: %5.1f s%n", 100 * load, load / mean * square / (2 * (1 - load)));
}

// %% [markdown]
// ## Exercise 1: who goes first
//
// The shortest prompt first makes the mean wait as short as it can be, and a long prompt waits for as long as shorter ones come: it **starves**. The
// cure is *ageing*: each second of waiting makes a prompt count for less. At the time `now` the first is the one with the smallest
//
// $$\text{promptTokens} - \text{tokensPerSecond} \cdot (\text{now} - \text{arrived})$$
//
// **Return the ids of all who wait, in that order.** Of equal ones the smaller id goes first. Who was preempted (`admission() >= 0`: it ran before) goes in
// front of all others, in the order of `admission()`. You do not get `now`, and do not need it: everybody ages alike, so two who wait never change
// places. Write $\text{now} - \text{arrived}$ out and leave away what is the same for all.

// %% exercise="3.8 policy"
class MyPolicy implements PolicyFn {
    public List<Long> order(List<Sequence> waiting, double tokensPerSecond) {
        // BEGIN SOLUTION sort by a key that needs no clock, and return the ids
        return waiting.stream()
            .sorted(Comparator.comparingDouble((Sequence s) -> key(s, tokensPerSecond))
                .thenComparingLong(Sequence::admission)
                .thenComparingLong(Sequence::id))
            .map(Sequence::id)
            .toList();
        // END SOLUTION
    }

    /** What a request is sorted by: its promptTokens() and when it arrived(). */
    double key(Sequence s, double tokensPerSecond) {
        // BEGIN SOLUTION who ran before has the smallest key of all
        if (s.admission() >= 0) {
            return Double.NEGATIVE_INFINITY;
        }
        return s.promptTokens() + tokensPerSecond * s.arrived();
        // END SOLUTION
    }
}

// %% wrong="3.8 policy"
class MyPolicy implements PolicyFn {
    public List<Long> order(List<Sequence> waiting, double tokensPerSecond) {
        return waiting.stream()
            .sorted(Comparator.comparingDouble((Sequence s) -> s.promptTokens() - tokensPerSecond * s.arrived())
                .thenComparingLong(Sequence::id))
            .map(Sequence::id)
            .toList();
    }
}

// %%
check("3.8 policy", MyPolicy::new)

// %%
// hint("3.8 policy");
// solution("3.8 policy");

// %% [markdown]
// ## Exercise 2: text that may be sent
//
// A token is bytes, and a character may need several tokens: 🙂 is four bytes, often two or three tokens. Half a character must not go out, or the
// reader sees `�` and keeps it. What goes out is then written as JSON.
//
// - `push(token)`: the characters that are complete now. The first byte of a character tells how many it has: `0xxxxxxx` one, `110xxxxx` two, `1110xxxx` three,
//   `11110xxx` four; all others are `10xxxxxx`.
// - `finish()`: what still waits, as text; `new String` makes � of an unfinished character.
// - `quoted(text)`: a JSON string. `"` and `\` get a `\` in front; what is smaller than a blank becomes `\u0000` with its number in hexadecimal.

// %% exercise="3.8 deltas"
class MyDeltas implements DeltaFn {
    java.nio.charset.Charset utf8 = java.nio.charset.StandardCharsets.UTF_8;
    byte[] waiting = {};

    public String push(byte[] token) {
        // BEGIN SOLUTION join the bytes, and keep the last character if it is not whole
        byte[] all = Arrays.copyOf(waiting, waiting.length + token.length);
        System.arraycopy(token, 0, all, waiting.length, token.length);
        int end = all.length;
        for (int i = 0; i < all.length; i++) {
            if (i + length(all[i]) > all.length) {
                end = i;   // its last bytes are missing
            }
        }
        waiting = Arrays.copyOfRange(all, end, all.length);
        return new String(all, 0, end, utf8);
        // END SOLUTION
    }

    public String finish() {
        // BEGIN SOLUTION what waits, as text
        String last = new String(waiting, utf8);
        waiting = new byte[0];
        return last;
        // END SOLUTION
    }

    /** How many bytes a character has that begins with this one; 1 for those in the middle. */
    int length(byte first) { return Math.max(1, Integer.numberOfLeadingZeros(~(first << 24))); }

    public String quoted(String text) {
        // BEGIN SOLUTION character by character
        StringBuilder json = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else {
                json.append(c < ' ' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
            }
        }
        return json.append('"').toString();
        // END SOLUTION
    }
}

// %% wrong="3.8 deltas"
class MyDeltas implements DeltaFn {
    public String push(byte[] token) {
        return new String(token, java.nio.charset.StandardCharsets.UTF_8);
    }

    public String finish() {
        return "";
    }

    public String quoted(String text) {
        return new Deltas().quoted(text);
    }
}

// %%
check("3.8 deltas", MyDeltas::new)

// %%
// hint("3.8 deltas");
// solution("3.8 deltas");

// %% [markdown]
// ## Exercise 3: the event stream
//
// *Server-sent events* are the simplest protocol that streams: an HTTP answer that does not end, and in it lines. `data: …` is data, a line that begins with a
// colon is a comment, and an **empty line** ends the event. That is all. Here is what a client of OpenAI's API gets, each event one line of JSON:

// %%
{
    var events = new ChatEvents();
    System.out.print(events.begin(new StreamHead("chatcmpl-7", "tiny", 1767225600, true)));
    System.out.print(events.token("Blue".getBytes()) + events.keepAlive() + events.end("stop", 12, 1));
}

// %% [markdown]
// Write it yourself. All chunks have the fields of the head; `finish_reason` is `null` until the last; the usage comes only where `head.includeUsage()` says
// so, with an empty list of choices; `[DONE]` is no JSON. An answer that fails ends with `{"error": {"message": …}}`, and without `[DONE]`, so that nobody takes
// it for whole. `new Deltas()` is the library's exercise 2; put `new MyDeltas()` in its place if yours is solved.

// %% exercise="3.8 events"
class MyEvents implements EventStreamFn {
    DeltaFn deltas = new Deltas();
    StreamHead head;

    public String begin(StreamHead first) {
        head = first;
        // BEGIN SOLUTION a chunk whose delta has the role and an empty content
        return chunk("{\"role\": \"assistant\", \"content\": \"\"}", "null");
        // END SOLUTION
    }

    public String token(byte[] bytes) {
        // BEGIN SOLUTION a chunk with the characters that are complete, if there are any
        return content(deltas.push(bytes));
        // END SOLUTION
    }

    public String end(String finishReason, int promptTokens, int completionTokens) {
        // BEGIN SOLUTION what still waits, the reason, the usage, [DONE]
        String usage = ", \"usage\": {\"prompt_tokens\": %d, \"completion_tokens\": %d, \"total_tokens\": %d}}"
            .formatted(promptTokens, completionTokens, promptTokens + completionTokens);
        return content(deltas.finish()) + chunk("{}", deltas.quoted(finishReason))
            + (head.includeUsage() ? event(fields("[]") + usage) : "") + event("[DONE]");
        // END SOLUTION
    }

    public String keepAlive() {
        // BEGIN SOLUTION a comment, and an empty line
        return ": keep-alive\n\n";
        // END SOLUTION
    }

    public String failed(String message) {
        // BEGIN SOLUTION an event with the error, and nothing after it
        return event("{\"error\": {\"message\": " + deltas.quoted(message) + "}}");
        // END SOLUTION
    }

    // BEGIN SOLUTION omit
    String content(String text) { return text.isEmpty() ? "" : chunk("{\"content\": " + deltas.quoted(text) + "}", "null"); }

    String chunk(String delta, String reason) {
        return event(fields("[{\"index\": 0, \"delta\": " + delta + ", \"finish_reason\": " + reason + "}]") + "}");
    }

    String fields(String choices) {
        return "{\"id\": %s, \"object\": \"chat.completion.chunk\", \"created\": %d, \"model\": %s, \"choices\": %s"
            .formatted(deltas.quoted(head.id()), head.created(), deltas.quoted(head.model()), choices);
    }

    String event(String data) { return "data: " + data + "\n\n"; }
    // END SOLUTION
}

// %% wrong="3.8 events"
class MyEvents implements EventStreamFn {
    ChatEvents right = new ChatEvents();

    public String begin(StreamHead first) { return right.begin(first); }

    public String token(byte[] bytes) { return right.token(bytes); }

    public String end(String finishReason, int promptTokens, int completionTokens) {
        return right.end(finishReason, promptTokens, completionTokens).replace("data: [DONE]\n\n", "");
    }

    public String keepAlive() { return ": still here\n\n"; }

    public String failed(String message) { return right.failed(message); }
}

// %%
check("3.8 events", MyEvents::new)

// %%
// hint("3.8 events");
// solution("3.8 events");

// %% [markdown]
// ## Exercise 4: a client leaves
//
// Somebody closes the tab. Whatever is computed for them from now on is lost, and their slot and pages are somebody else's waiting. So the request is
// cancelled: before the engine's next step it leaves queue or batch, and its pages are given back. **At once**, and **once**: pages that are given back twice belong to
// two requests.

// %% [markdown]
// Two threads may notice it. The one that writes gets a `ClientLeftException` from `client.send`. But while a request waits or reads a long prompt nobody
// writes; then the connection's own thread runs what you gave to `client.onGone`. And at the very same moment the answer may end by itself, and give its
// pages back. Whoever is first decides, which is what `AtomicBoolean.compareAndSet(false, true)` is for: it says true to one caller.
//
// Send `events.begin(answer.head())`, then for each `answer.next()` its event: `Text`, `Pause` (a keep-alive), `End` or `Failed`, after which nothing comes.
// Close the client in any case. Return how many `Text` pieces were sent.

// %% exercise="3.8 cancel"
class MyStream implements StreamFn {
    public int stream(StreamedAnswer answer, StreamClient client, EventStreamFn events) {
        // BEGIN SOLUTION send piece by piece; whoever ends it first sets a flag
        AtomicBoolean over = new AtomicBoolean();
        Runnable leave = () -> {
            if (over.compareAndSet(false, true)) {
                answer.cancel();
            }
        };
        int sent = 0;
        try {
            client.onGone(leave);
            client.send(events.begin(answer.head()));
            while (true) {
                switch (answer.next()) {
                    case StreamPiece.Text text -> {
                        client.send(events.token(text.bytes()));
                        sent++;
                    }
                    case StreamPiece.Pause pause -> client.send(events.keepAlive());
                    case StreamPiece.End end -> {
                        over.set(true);
                        client.send(events.end(end.finishReason(), end.promptTokens(), end.completionTokens()));
                        return sent;
                    }
                    case StreamPiece.Failed failed -> {
                        over.set(true);
                        client.send(events.failed(failed.message()));
                        return sent;
                    }
                }
            }
        } catch (ClientLeftException e) {
            leave.run();
            return sent;
        } finally {
            client.close();
        }
        // END SOLUTION
    }
}

// %% wrong="3.8 cancel"
class MyStream implements StreamFn {
    public int stream(StreamedAnswer answer, StreamClient client, EventStreamFn events) {
        int sent = 0;
        try {
            client.onGone(answer::cancel);
            client.send(events.begin(answer.head()));
            while (true) {
                switch (answer.next()) {
                    case StreamPiece.Text text -> {
                        client.send(events.token(text.bytes()));
                        sent++;
                    }
                    case StreamPiece.Pause pause -> client.send(events.keepAlive());
                    case StreamPiece.End end -> {
                        client.send(events.end(end.finishReason(), end.promptTokens(), end.completionTokens()));
                        return sent;
                    }
                    case StreamPiece.Failed failed -> {
                        client.send(events.failed(failed.message()));
                        return sent;
                    }
                }
            }
        } catch (ClientLeftException e) {
            answer.cancel();
            return sent;
        } finally {
            client.close();
        }
    }
}

// %%
check("3.8 cancel", MyStream::new)

// %%
// hint("3.8 cancel");
// solution("3.8 cancel");

// %% [markdown]
// ## Plug it in: a real client
//
// `serve` starts this lab's HTTP server in the notebook, on a free port of this machine. Your policy orders its engine's queue, and plain streamed chats go
// through your events and your stream. `ask` is a client like any other: it opens a connection, sends JSON and reads events.

// %%
try (var server = serve(fastModel(), new MyPolicy(), MyEvents::new, MyStream::new)) {
    server.ask("Why is the sky blue?", quick() ? 8 : 32);
    System.out.println(server.requests().getLast());
}

// %% [markdown]
// The next cell leaves the server open: paste the line into a terminal, press Ctrl+C in the middle of the answer, and ask `served.requests()` in a cell of
// your own what became of it. Any client of OpenAI's works, with this address and any key. Running the cell again, or the ones below, closes it.

// %%
var served = serve(fastModel(), new MyPolicy(), MyEvents::new, MyStream::new);
served

// %% [markdown]
// The server lives in **this notebook's process**, because your classes do. If native code crashes here, all of it is gone at once: the server, every client's
// connection, this notebook's variables; nobody starts it again but you, and only your progress is kept. `./lab serve` has a supervisor for that, a
// process of its own that answers 503 within a second and starts the server anew.

// %% [markdown]
// ## See: requests over time
//
// The same visitors as above, over HTTP, under your policy. Where does the long text of request 1 begin now, and who pays for that? Each cross is a
// client that left; its bar ends there, not at the end of its answer. Try another worth of a second, or two slots.

// %% [markdown]
// A mean would say little: the few who wait longest are the ones who complain. So a server's times are given as **percentiles**, what half of the visitors, and
// nine of ten, stay below. The second picture counts to the first piece of text; the third between two pieces of one answer, where a policy changes little: once a
// request runs, the scheduler of 2.6 and 2.7 decides.

// %%
{
    var mine = LoadRun.of("yours", fastModel(), new MyPolicy(), 50, visitors, slots);
    System.out.println(fair + "\n" + mine);
    show(LoadRun.requests(fair, mine));
    show(LoadRun.firstTokens(fair, mine));
    show(LoadRun.gaps(fair, mine));
}

// %% [markdown]
// ## See: what ageing costs
//
// Eighteen visitors are too few for the tail. So the next cell **simulates** 600, on a model that only costs time, by rates that are measured first. To the
// left waiting counts for nearly nothing: half of them are served soon, and somebody waits long. To the right it is first come, first served. Your guess
// is the dashed line.

// %%
PolicySweep.of(new MyPolicy(), BatchTimes.rates(fastModel()), 0.9, "3.8 longest", 1, 3, 10, 30, 100, 300, 1000, 10000)

// %% [markdown]
// ## Measure
//
// What do HTTP, JSON and your event stream add to the first token? One visitor after another on an idle server: the time that the client measured, minus the time that
// the engine needed for the same request. The first ones, which warm up, do not count. The floor is 0; a token takes tens of milliseconds.

// %%
HttpCost.of(serve(fastModel(), new MyPolicy(), MyEvents::new, MyStream::new), quick() ? 3 : 9)

// %% [markdown]
// ## Where real systems differ
//
// - **vLLM** has `--scheduling-policy fcfs` and `priority`; a request's `priority` field is compared first, then its arrival. Its API server aborts a
//   request in the engine when the connection is closed.
// - **SGLang** sorts by `--schedule-policy`: `fcfs`, or `lpm`, the longest prefix match first, since what chapter 4.2 keeps makes a prompt short.
// - **llama.cpp**'s server asks for each result whether the connection is closed, and posts a cancel task to the slots.
// - **MLX**: `mlx_lm.server` sends comments while a long prompt is read, as your keep-alive does.
// - **Fairness between tenants**, not between requests: one who sends a thousand short prompts would win here. Virtual token counters (Sheng et al., 2024) count what
//   each tenant got.
// - **Names of events.** OpenAI's newer `/v1/responses` gives each event a name (`event: response.output_text.delta`) and needs no `[DONE]`. This lab's
//   server speaks both.
// - **Proxies** like to collect what they pass on: `X-Accel-Buffering: no` asks nginx not to, and the comments keep idle connections open.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. Prompts of 400, 20 and 30 tokens, 140 tokens/s. How long is the mean wait for the first token, in the order of arrival and sorted?</summary>
// In order: (2.86 + 3.00 + 3.21) / 3 = 3.02 s. Sorted: (0.14 + 0.36 + 3.21) / 3 = 1.24 s. The last one ends at the same time.
// </details>
//
// <details><summary>2. A prompt of 400 tokens came 5 s before one of 40; a second is worth 50 tokens. Who goes first, and from which worth on is it the other?</summary>
// 400 − 50 · 5 = 150 against 40: the short one. From (400 − 40) / 5 = 72 tokens per second on the long one.
// </details>
//
// <details><summary>3. Why is a request that was preempted not sorted in by its prompt again?</summary>
// It was admitted once; work has been lost already. If new ones could overtake it again and again it might never end.
// </details>
//
// <details><summary>4. The text holds two line ends and "data: [DONE]". Why does the stream not end there?</summary>
// JSON writes a line end as two characters, \ and n. The event stays one line, and what is in quotation marks is the text.
// </details>
//
// <details><summary>5. Why must the last event come before [DONE], with a finish_reason?</summary>
// A connection may break at any time. Only who has seen "stop" knows that the answer is whole; "length" says that it was cut.
// </details>
//
// <details><summary>6. Load with 8 clients that each wait for their answer before they ask again, or with visitors that come at random: which shows the queue?</summary>
// The second. Clients that wait come more slowly when the server is slow, so that its queue never grows: measured that way, every server looks fine.
// </details>
//
// <details><summary>7. Why does the handler not free the pages itself when its client leaves?</summary>
// The engine's thread may be in the middle of a step that reads them. Only the owner gives back, between two steps; others tell it.
// </details>

// %% [markdown]
// ## Further
//
// - *HTML Living Standard*, section "Server-sent events": the grammar is one page
// - Schroeder, Wierman, Harchol-Balter, *Open Versus Closed: A Cautionary Tale* (2006)
// - Dean, Barroso, *The Tail at Scale* (2013)
// - Sheng et al., *Fairness in Serving Large Language Models* (2024)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// The next chapter is 3.4, speculative decoding. Your progress:

// %%
progress()
