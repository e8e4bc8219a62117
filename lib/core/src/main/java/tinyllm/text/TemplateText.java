package tinyllm.text;

import java.util.List;

/** CONTRACT STUB. Text whose pieces remember whether the template or the data wrote them. */
public record TemplateText(List<Span> spans) {
    public record Span(String text, boolean fromTemplate) {}

    @Override
    public String toString() {
        StringBuilder all = new StringBuilder();
        spans.forEach(s -> all.append(s.text()));
        return all.toString();
    }
}
