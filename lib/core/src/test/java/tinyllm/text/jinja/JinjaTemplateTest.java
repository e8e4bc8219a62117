package tinyllm.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** Single templates against Python's jinja2: see src/test/python/text/chat_goldens.py. */
@NullUnmarked // JSON as maps
class JinjaTemplateTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-05T07:08:09Z"), ZoneOffset.UTC);

    /** Jinja2 prints nothing for these; here the attempt itself is refused. */
    private static final Set<String> STRICTER = Set.of("{{ ''.__class__ }}", "{{ map.__class__ }}");

    static List<Object> goldens() {
        return read("/tinyllm/text/jinja-goldens.json", List.class);
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void rendersAsJinja2(Map<String, Object> golden) {
        String source = (String) golden.get("source");
        if (golden.get("text") == null || STRICTER.contains(source)) {
            assertThatThrownBy(() -> render(source)).isInstanceOf(TemplateException.class);
        } else {
            assertThat(render(source).text()).as(source).isEqualTo(golden.get("text"));
        }
    }

    @Test
    void everyWayOfMakingTextKeepsItsWriter() {
        assertThat(runs("a{{ u }}b")).containsExactly("T:a", "D:<U>", "T:b");
        assertThat(runs("{{ 'a' + u + 'b' }}")).containsExactly("T:a", "D:<U>", "T:b");
        assertThat(runs("{{ 'a' ~ u ~ 1 }}")).containsExactly("T:a", "D:<U>1");
        assertThat(runs("{{ ('a' + u + 'b')[1:4] }}")).containsExactly("D:<U>");
        assertThat(runs("{{ ('a' + u + 'b')[::-1] }}")).containsExactly("T:b", "D:>U<", "T:a");
        assertThat(runs("{{ ('a' + u) | upper }}")).containsExactly("T:A", "D:<U>");
        assertThat(runs("{{ ('a' + u) | tojson }}")).containsExactly("D:\"", "T:a", "D:<U>\"");
        assertThat(runs("{{ 'x-y'.replace('-', u) }}")).containsExactly("T:x", "D:<U>", "T:y");
        assertThat(runs("{{ u.replace('U', '<T>') }}")).containsExactly("D:<", "T:<T>", "D:>");
        assertThat(runs("{{ ['a', u] | join('-') }}")).containsExactly("T:a-", "D:<U>");
        assertThat(runs("{{ u.join(['a', 'b']) }}")).containsExactly("T:a", "D:<U>", "T:b");
        assertThat(runs("{{ ('  a' + u).strip() }}")).containsExactly("T:a", "D:<U>");
        assertThat(runs("{{ ('a,' + u).split(',')[1] }}")).containsExactly("D:<U>");
        assertThat(runs("{% set x %}a{{ u }}{% endset %}{{ x }}")).containsExactly("T:a", "D:<U>");
        assertThat(runs("{% macro m(x) %}a{{ x }}{% endmacro %}{{ m(u) }}")).containsExactly("T:a", "D:<U>");
        assertThat(runs("{{ {'k': u} }}")).containsExactly("D:{'", "T:k", "D:': '<U>'}");
        assertThat(runs("{% for c in 'a' + u %}{{ c }}{% endfor %}")).containsExactly("T:a", "D:<U>");
        assertThat(runs("{{ ('a' + u) * 2 }}")).containsExactly("T:a", "D:<U>", "T:a", "D:<U>");
        assertThat(runs("{{ 'a\n' | indent(u, true) }}")).containsExactly("D:<U>", "T:a\n");
    }

    @Test
    void namesTheLine() {
        assertThatThrownBy(() -> render("a\n{% if true %}\n{{ missing.x }}\n{% endif %}"))
                .hasMessage("Chat template, line 3: 'missing' is undefined");
        assertThatThrownBy(() -> render("a\n{{ 1 + }}")).hasMessageStartingWith("Chat template, line 2: ");
    }

    static <T> T read(String name, Class<T> type) {
        try (InputStream in = JinjaTemplateTest.class.getResourceAsStream(name)) {
            return new JsonMapper().readValue(in, type);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Str render(String source) {
        return JinjaTemplate.parse(source, CLOCK).render(context(), Map.of());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> context() {
        return read("/tinyllm/text/jinja-context.json", Map.class);
    }

    private static List<String> runs(String source) {
        List<String> runs = new ArrayList<>();
        JinjaTemplate.parse(source)
                .render(Map.of("u", "<U>"), Map.of())
                .forEachRun((text, template) -> runs.add((template ? "T:" : "D:") + text));
        return runs;
    }
}
