package tinyllm.lab.race;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tinyllm.lab.Tables;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Notebook;
import tinyllm.lab.view.Rich;

@Tag("slow")
class RaceTest {

    private static final List<String> PROMPTS = List.of("<b>one</b>", "two");

    /** Says a word for each prompt, again and again, with a pause before each. */
    private static Racer talker(String name, long pauseMs, String word) {
        return new Racer() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public int[] run(List<String> prompts, int maxTokens, Finish finish) {
                int[] tokens = new int[prompts.size()];
                for (int token = 0; token < maxTokens; token++) {
                    for (int prompt = 0; prompt < prompts.size(); prompt++) {
                        pause(pauseMs);
                        finish.came(prompt, word + " ");
                        tokens[prompt]++;
                    }
                }
                return tokens;
            }
        };
    }

    private static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            throw new CancellationException("interrupted");
        }
    }

    @Test
    void theFasterIsFirst() {
        Race race = Race.watched(talker("slow", 40, "s"), talker("fast", 5, "f"), PROMPTS, 3, (lane, other) -> {});

        assertThat(race.headline()).startsWith("fast was first, 0.").endsWith("before slow");
        assertThat(race.a().text(0, 9)).isEqualTo("s s s ");
        assertThat(race.b().text(1, 9)).isEqualTo("f f f ");
        assertThat(race.table().stringColumn("place").asList()).containsExactly("second", "first");
        assertThat(race.table().intColumn("tokens").asList()).containsExactly(6, 6);
        double perSecond = race.table().doubleColumn("tokens/s").get(0);
        assertThat(perSecond).isBetween(1.0, 25.0); // 40 ms or more a token
        assertThat(race.table().doubleColumn("first token, s").get(0)).isGreaterThanOrEqualTo(0.04);
    }

    @Test
    void textComesBackAsItCame() {
        Lane lane = new Lane(
                "x",
                List.of(new Lane.Event(1, 0, "a"), new Lane.Event(2, 1, "b"), new Lane.Event(3, 0, "c")),
                new int[] {2, 1},
                3);

        assertThat(lane.text(0, 0.9)).isEmpty();
        assertThat(lane.text(0, 2.9)).isEqualTo("a");
        assertThat(lane.text(0, 3)).isEqualTo("ac");
        assertThat(lane.clock(2)).isEqualTo(2);
        assertThat(lane.clock(8)).as("stops at the finish").isEqualTo(3);
        assertThat(lane.tokensPerSecond()).isEqualTo(1);
    }

    @Test
    void theNotebookSeesBothSidesGrowAndThenATable() {
        List<String> shown = new ArrayList<>();
        Notebook before = Notebook.use(collecting(shown));
        try {
            Race.run(talker("slow", 250, "s"), talker("fast", 160, "f"), PROMPTS, 2, Tables::rich);
        } finally {
            Notebook.use(before);
        }

        assertThat(shown).hasSizeGreaterThan(3);
        assertThat(shown).allSatisfy(html -> assertThat(html).doesNotContain("<b>one"));
        assertThat(shown).anySatisfy(html -> assertThat(html).contains("s ", "waits"));
        assertThat(shown)
                .anySatisfy(
                        html -> assertThat(html).contains(Html.isolate("f ")).doesNotContain("waits", "<th"));
        assertThat(shown.getLast()).contains("fast was first", "tokens/s", "place", "done after");
    }

    @Test
    void theFilmEndsWithEverything() {
        Race race = Race.watched(talker("slow", 30, "s"), talker("fast", 5, "f"), List.of("one"), 5, (lane, o) -> {});

        Film film = race.film();

        assertThat(film.gif()).startsWith('G', 'I', 'F');
        assertThat(film.text()).startsWith("A race, at the pace of life: fast was first");
        assertThat(film.width()).isBetween(700, 800);
    }

    @Test
    void sixteenPromptsFitAndSeventeenDoNot() {
        List<String> many = java.util.stream.IntStream.range(0, 16)
                .mapToObj(i -> "prompt " + i)
                .toList();
        Race race = Race.watched(talker("a", 0, "word"), talker("b", 0, "word"), many, 30, (lane, other) -> {});
        assertThat(race.film().gif().length).isLessThan(1_000_000);

        List<String> more = new ArrayList<>(many);
        more.add("one too many");
        assertThatThrownBy(() -> Race.watched(talker("a", 0, ""), talker("b", 0, ""), more, 1, (lane, other) -> {}))
                .hasMessage("a race needs 1 to 16 prompts, not 17");
    }

    @Test
    void aLongRaceRunsFasterThanLife() {
        Lane slow = new Lane("slow", List.of(new Lane.Event(30, 0, "at last")), new int[] {1}, 30);
        Lane quick = new Lane("quick", List.of(new Lane.Event(1, 0, "soon")), new int[] {1}, 1);

        assertThat(new Race(List.of("?"), slow, quick).film().text())
                .startsWith("A race, 3 times faster than life: quick was first, 29.0 s before slow");
    }

    @Test
    void aFailureIsTheRacersOwn() {
        Racer broken = new Racer() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public int[] run(List<String> prompts, int maxTokens, Finish finish) {
                throw new IllegalArgumentException("the prompt is empty");
            }
        };
        assertThatThrownBy(() -> Race.watched(broken, talker("b", 0, ""), PROMPTS, 1, (lane, other) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the prompt is empty");
    }

    @Test
    @Timeout(10)
    void anInterruptStopsTheRacer() {
        AtomicBoolean stopped = new AtomicBoolean();
        Racer endless = new Racer() {
            @Override
            public String name() {
                return "endless";
            }

            @Override
            public int[] run(List<String> prompts, int maxTokens, Finish finish) {
                try {
                    Thread.sleep(60_000);
                } catch (InterruptedException e) {
                    stopped.set(true);
                }
                return new int[] {1};
            }
        };
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Race.watched(endless, endless, PROMPTS, 1, (lane, other) -> {}))
                .isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).as("the flag stays set").isTrue();
        org.assertj.core.api.Assertions.assertThatCode(() -> {
                    while (!stopped.get()) {
                        Thread.sleep(10);
                    }
                })
                .doesNotThrowAnyException();
    }

    private static Notebook collecting(List<String> shown) {
        return new Notebook() {
            @Override
            public void display(Rich value) {
                shown.add(String.valueOf(value.html()));
            }

            @Override
            public String displayUpdatable(Rich value) {
                display(value);
                return "id";
            }

            @Override
            public void update(String id, Rich value) {
                display(value);
            }

            @Override
            public boolean updatesInPlace() {
                return true;
            }

            @Override
            public List<String> snippets() {
                return List.of();
            }
        };
    }
}
