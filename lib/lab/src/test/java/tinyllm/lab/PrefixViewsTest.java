package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tinyllm.cache.ChainedKeys;
import tinyllm.cache.CountedPages;
import tinyllm.cache.LeastRecentlyUsed;
import tinyllm.cache.SharedPages;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;

/** What chapter 4.2 draws is what the engine, the index and the pages did. */
class PrefixViewsTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final Questions THREE = Questions.library(3);
    private static final int SYSTEM = 34; // two pages, with the first bytes of every question not yet three
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString(), KernelSet.OWN, LoadListener.NONE);
    }

    @Test
    void fullPagesOfTheSystemPromptAreKnown() {
        PrefixRun without = PrefixRun.without(model, THREE, SYSTEM, 2);
        PrefixRun with = PrefixRun.with(model, THREE, SYSTEM, 2);
        PrefixRun yours = PrefixRun.yours(model, new ChainedKeys(), new LeastRecentlyUsed(), THREE, SYSTEM, 2);

        assertThat(without.rows()).allMatch(row -> row.known() == 0);
        assertThat(with.rows()).extracting(PrefixRun.Row::known).containsExactly(0, 32, 32);
        assertThat(yours.rows()).extracting(PrefixRun.Row::known).containsExactly(0, 32, 32);
        assertThat(with.rows()).allMatch(row -> row.read() == row.promptTokens() - row.known());
        assertThat(yours.rows())
                .extracting(PrefixRun.Row::answer)
                .isEqualTo(without.rows().stream().map(PrefixRun.Row::answer).toList());
        assertThat(yours.hits("4.2 hits").text()).contains("of all prompts' tokens were known");
        assertThat(PrefixRun.firstTokens(without, with).text()).contains("with kept pages after");
        assertThat(with.toString()).contains("were known");
    }

    @Test
    void sharingHoldsFewerPages() {
        PrefixRun apart = PrefixRun.together("apart", model, null, null, THREE, SYSTEM, 3);
        PrefixRun shared =
                PrefixRun.together("shared", model, new ChainedKeys(), new LeastRecentlyUsed(), THREE, SYSTEM, 3);

        assertThat(most(shared)).isLessThan(most(apart));
        assertThat(shared.reports()).anyMatch(report -> report.pages().shared() == 2);
        assertThat(PrefixRun.pages(apart, shared).text()).contains("3 requests hold at most " + most(apart) + " apart");
    }

    private static int most(PrefixRun run) {
        return run.reports().stream()
                .mapToInt(report -> report.pages().used())
                .max()
                .orElseThrow();
    }

    @Test
    void whatALearnersIndexThrowsIsTheirs() {
        assertThatThrownBy(() -> PrefixRun.yours(
                        model, (salt, tokens, pageTokens) -> new long[1], new LeastRecentlyUsed(), THREE, SYSTEM, 2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("it got 1 keys");
    }

    /** A text of 20 tokens: the first page stays shared, of the second each fork but the last gets a copy. */
    @Test
    void forksShareWhatIsFull() {
        String text = "x".repeat(20);
        assertThat(model.tokenizer().encode(text)).hasSize(20);
        Forks forks = Forks.of(model, CountedPages::new, text, 3, 4);

        assertThat(forks.rows()).extracting(Forks.Row::pages).containsExactly(2, 2, 2);
        assertThat(forks.rows()).extracting(Forks.Row::shared).containsExactly(1, 1, 1);
        assertThat(forks.used()).isEqualTo(4).isEqualTo(forks.ownUsed());
        assertThat(forks.toString()).contains("3 continuations list 6 pages and hold 4; by your counts they hold 4");
        assertThat(Forks.of(model, InPlace::new, text, 3, 4).toString()).contains("write to the same page");
    }

    /** Writes where others read. */
    private static final class InPlace implements SharedPages {
        private final CountedPages right = new CountedPages();

        @Override
        public void begin(int count) {
            right.begin(count);
        }

        @Override
        public int take() {
            return right.take();
        }

        @Override
        public void share(int page) {
            right.share(page);
        }

        @Override
        public int write(int page) {
            return page;
        }

        @Override
        public void release(int page) {
            right.release(page);
        }

        @Override
        public int owners(int page) {
            return right.owners(page);
        }

        @Override
        public int free() {
            return right.free();
        }
    }

    @Test
    void moreRoomIsMoreHits() {
        HitRates rates = HitRates.of(new ChainedKeys(), new LeastRecentlyUsed(), 96, 448);
        List<HitRates.Row> yours = rates.rows().stream()
                .filter(row -> row.eviction().equals("yours"))
                .toList();

        assertThat(yours.get(0).hitPercent()).isLessThan(yours.get(1).hitPercent());
        assertThat(yours.get(0).evictedPages()).isPositive();
        assertThat(rates.rows().stream()
                        .filter(row -> row.eviction().equals("newest first"))
                        .findFirst()
                        .orElseThrow()
                        .hitPercent())
                .isLessThan(yours.get(0).hitPercent());
        assertThat(rates.chart().text()).contains("With 96 pages", "room for all");
        assertThatThrownBy(() -> HitRates.of(new ChainedKeys(), new LeastRecentlyUsed(), 5, 448))
                .hasMessageContaining("pages or more");
    }

    @Test
    void theSecondReadsWhatIsItsOwn() {
        PrefixTimes times = PrefixTimes.of(model, new ChainedKeys(), new LeastRecentlyUsed(), SYSTEM, 2);

        assertThat(times.rows().get(0).percentOfFirst()).isCloseTo(100, within(1e-9));
        assertThat(times.rows().get(1).read()).isEqualTo(times.rows().get(1).promptTokens() - 32);
        assertThat(times.toString()).contains("the second request reads");
    }
}
