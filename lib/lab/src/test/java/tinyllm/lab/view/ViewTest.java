package tinyllm.lab.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ViewTest {

    @Test
    void markupIsEscaped() {
        assertThat(Html.escape("<img src=x onerror=\"a('b')\">&`"))
                .isEqualTo("&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;&#96;");
        assertThat(Html.escape("</script>")).doesNotContain("<");
    }

    @Test
    void charactersThatTurnTheDirectionAreShownByCode() {
        assertThat(Html.escape("a\u202eb\u2067c\u200f")).isEqualTo("a[U+202E]b[U+2067]c[U+200F]");
    }

    @Test
    void controlCharactersAreVisible() {
        assertThat(Html.escape("a\u0000b\u001bc\n\t")).isEqualTo("a\u2400b\u241bc\n\t");
    }

    @Test
    void rightToLeftTextStaysInItsPlace() {
        assertThat(Html.isolate("שלום")).isEqualTo("\u2068שלום\u2069");
    }

    @Test
    void aPictureIsPng() {
        assertThatThrownBy(() -> new Picture(new byte[20], 10, "none")).hasMessageContaining("no PNG");
    }

    /** Records what is shown. */
    private static final class Recorder implements Notebook {
        final List<String> shown = new ArrayList<>();
        final boolean inPlace;

        Recorder(boolean inPlace) {
            this.inPlace = inPlace;
        }

        @Override
        public void display(Rich value) {
            shown.add(value.text());
        }

        @Override
        public String displayUpdatable(Rich value) {
            shown.add("new " + value.text());
            return "id";
        }

        @Override
        public void update(String id, Rich value) {
            shown.add(id + " " + value.text());
        }

        @Override
        public boolean updatesInPlace() {
            return inPlace;
        }

        @Override
        public List<String> snippets() {
            return List.of();
        }
    }

    @Test
    void aLiveOutputChangesFiveTimesASecondAtMostAndEndsWithTheNewest() {
        Recorder notebook = new Recorder(true);
        long[] now = {0};
        try (Live live = new Live(notebook, () -> now[0])) {
            for (int i = 0; i < 100; i++) {
                int value = i;
                live.show(() -> Html.of("v" + value));
                now[0] += 10_000_000L;
            }
        }

        assertThat(notebook.shown)
                .hasSizeBetween(5, 7)
                .startsWith("new v0", "id v20")
                .endsWith("id v99");
    }

    @Test
    void withoutReplacementOnlyTheEndIsShown() {
        Recorder notebook = new Recorder(false);
        try (Live live = new Live(notebook, System::nanoTime)) {
            live.progress("Loading", 1, 4);
            live.progress("Loading", 4, 4);
        }

        assertThat(notebook.shown).containsExactly("new Loading: 4 of 4 (100 %)");
    }
}
