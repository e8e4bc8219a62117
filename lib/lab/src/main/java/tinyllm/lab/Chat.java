package tinyllm.lab;

import java.util.Locale;
import java.util.concurrent.CancellationException;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Rich;
import tinyllm.sampling.SamplingParams;

/** Streams a model's answer into one output that grows. */
final class Chat {

    private Chat() {}

    /** What was generated, once it is shown. */
    static Completion stream(Generator generator, SamplingParams sampling, String prompt, int maxTokens) {
        StringBuilder text = new StringBuilder();
        try (Live live = new Live()) {
            live.show(() -> answer("", "thinking …"));
            Completion completion = generator.chat(prompt, sampling, maxTokens, piece -> {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the generation was interrupted");
                }
                text.append(piece);
                String soFar = text.toString();
                live.show(() -> answer(soFar, "…"));
            });
            live.show(() -> answer(completion.text(), summary(completion)));
            return completion;
        }
    }

    private static Rich answer(String text, String note) {
        String html = "<div style=\"white-space:pre-wrap\">" + Html.isolate(text) + "</div>"
                + "<div style=\"color:var(--jp-content-font-color2,#555)\">" + Html.escape(note) + "</div>";
        return new Html(html, text + "\n" + note);
    }

    private static String summary(Completion c) {
        String speed = Double.isNaN(c.decodeTokensPerSecond())
                ? ""
                : String.format(Locale.ROOT, ", then %.1f tokens/s", c.decodeTokensPerSecond());
        return String.format(
                Locale.ROOT,
                "%d tokens after a prompt of %d; first token after %.1f s%s (%s)",
                c.tokens().size(),
                c.promptTokens(),
                c.ttftMs() / 1000,
                speed,
                c.finishReason());
    }
}
