package tinyllm.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Row F15: a template that would run for ever, fill the memory or reach into Java ends in an error within a second. */
class HostileTemplateTest {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    static List<String> templates() {
        return List.of(
                "{% for i in range(10**9) %}{% endfor %}",
                "{% for i in range(10**18) %}x{% endfor %}",
                "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
                "{{ range(10**9) | list }}",
                "{{ range(10**9) | sum }}",
                "{{ 10**9 in range(10**9) }}",
                "{{ range(2**31 - 1) == range(2**31 - 1) }}",
                "{{ 'a' * 10**9 }}",
                "{{ 'a' * 10**18 }}",
                "{{ '' * 10**18 }}{{ 'a' * 10**9 }}",
                "{{ [1] * 10**9 }}",
                "{{ ['a' * 1000] * 10**6 }}",
                "{% set ns = namespace(s='a') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
                "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s.replace('a', ns.s) %}{% endfor %}",
                "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
                "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
                "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
                "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson }}",
                "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro m(n) %}{{ m(n) ~ m(n) }}{% endmacro %}{{ m(1) }}",
                "{{ 10 ** 1000000000 }}",
                "{{ 9223372036854775807 + 1 }}",
                "{{ 99999999999999999999 }}",
                "{{ 'a' | indent(10**9) }}",
                "{{ [1] | tojson(indent=10**9) }}",
                "{{ ('a' * 1000000).split('a') | join('b' * 1000) }}",
                "{% for i in range(10000) %}{{ 'ab' in 'a' * 100000 }}{% endfor %}",
                "{{ strftime_now('%B' * 10**7) }}",
                "{{ ''.__class__.__mro__[1].__subclasses__() }}",
                "{{ ''.getClass().forName('java.lang.Runtime') }}",
                "{{ messages.getClass() }}",
                "{{ messages.__class__ }}",
                "{{ range.__globals__ }}",
                "{{ namespace.__init__.__globals__ }}",
                "{{ self.__init__ }}",
                "{{ [] | attr('__class__') }}",
                "{{ '%s' % 1 }}",
                "{{ '{0.__class__}'.format(1) }}",
                "{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}",
                "{{ " + "[".repeat(100_000) + "]".repeat(100_000) + " }}",
                "{{ " + "not ".repeat(100_000) + "1 }}",
                "{{ " + "- ".repeat(100_000) + "1 }}",
                "{{ a" + ".a".repeat(100_000) + " }}",
                "{{ 1" + " + 1".repeat(100_000) + " }}",
                "{{ 1" + " if 1 else 1".repeat(100_000) + " }}",
                "{% if 1 %}".repeat(100_000),
                "{{ 1" + " | string".repeat(100_000) + " }}");
    }

    @ParameterizedTest
    @MethodSource("templates")
    void endsInAnError(String source) {
        long start = THREADS.getCurrentThreadCpuTime(); // a busy machine must not fail the test
        assertThatThrownBy(() -> render(source, Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessageMatching("(?s).{10,400}");
        assertThat(THREADS.getCurrentThreadCpuTime() - start).isLessThan(1_000_000_000L);
    }

    @Test
    void aListThatHoldsItself() {
        List<Object> self = new ArrayList<>();
        self.add(self);
        assertThatThrownBy(() -> render("{{ x }}", Map.of("x", self))).isInstanceOf(TemplateException.class);
    }

    @Test
    void aJavaObject() {
        Map<String, Object> data = new HashMap<>(Map.of("x", Runtime.getRuntime()));
        assertThatThrownBy(() -> render("{{ x }}", data)).hasMessageContaining("java.lang.Runtime");
    }

    @Test
    void aLongConversationRenders() {
        List<Object> messages = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            messages.add(Map.of("role", "user", "content", "word ".repeat(200)));
        }
        String source = "{% for m in messages %}{{ '<' + m.role + '>' + m.content | trim + '<end>' }}{% endfor %}";
        Str text = JinjaTemplate.parse(source).render(Map.of("messages", messages), Map.of());
        assertThat(text.text()).hasSize(5_000 * (999 + 11));
    }

    private static void render(String source, Map<String, Object> data) {
        Map<String, Object> all = new HashMap<>(data);
        all.put("messages", List.of());
        JinjaTemplate.parse(source).render(all, Map.of());
    }
}
