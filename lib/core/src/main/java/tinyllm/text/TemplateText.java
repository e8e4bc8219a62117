package tinyllm.text;

import java.util.List;

/** Text whose pieces remember whether the template or the data wrote them. */
public record TemplateText(List<Span> spans) {
    public TemplateText {
        spans = List.copyOf(spans);
    }

    /** A piece of text that has one writer. */
    public record Span(String text, boolean fromTemplate) {}

    /** The whole text, as Hugging Face's {@code apply_chat_template(tokenize=False)} gives it. */
    @Override
    public String toString() {
        StringBuilder all = new StringBuilder();
        spans.forEach(s -> all.append(s.text()));
        return all.toString();
    }
}
