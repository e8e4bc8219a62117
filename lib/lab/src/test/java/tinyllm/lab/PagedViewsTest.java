package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.cache.BlockTableRows;
import tinyllm.cache.KvCache;
import tinyllm.cache.PagedArrays;
import tinyllm.cache.PooledKvArrays;
import tinyllm.cache.PooledPages;
import tinyllm.engine.Scheduler;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.tensor.Tensor;

/** What chapter 3.1 draws is what texts in pages did. */
class PagedViewsTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final Requests FIVE = Requests.mixed(5, 6, 20);
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    private static List<String> written(PagedTexts texts) {
        return texts.answers().stringColumn("continuation").asList();
    }

    /** What a text is continued by alone, with memory of its own. */
    private static String alone(int number) {
        int[] next = model.tokenizer().encode(FIVE.prompts().get(number));
        int[] written = new int[FIVE.answers()[number]];
        try (KvCache cache = model.newCache(next.length + written.length)) {
            for (int i = 0; i < written.length; i++) {
                Tensor logits = model.lastLogits(next, cache);
                next = Greedy.tokens(logits.reshape(1, logits.dim(0)), model.tokenizer());
                written[i] = next[0];
            }
        }
        return model.tokenizer().decode(written);
    }

    /** Few pages or many, small or large: every text is what it would be alone. */
    @Test
    @Tag("slow")
    void textsDoNotDependOnPages() {
        PagedTexts much = PagedTexts.of(model, PooledKvArrays::new, FIVE, 40, 8);
        PagedTexts little = PagedTexts.of(model, PooledKvArrays::new, FIVE, 22, 4);

        assertThat(much.timesOut()).isZero();
        assertThat(little.timesOut()).isPositive();
        assertThat(little.steps()).isGreaterThan(much.steps());
        assertThat(written(little)).isEqualTo(written(much));
        for (int i = 0; i < FIVE.size(); i++) {
            assertThat(written(much).get(i)).isEqualTo(alone(i));
        }
    }

    @Test
    void allPagesComeBackAndThePictureSaysSo() {
        PagedTexts texts = PagedTexts.of(model, PooledKvArrays::new, FIVE, 40, 8);

        assertThat(texts.free()).isEqualTo(40);
        assertThat(texts.emptyPercent()).isBetween(1.0, 60.0);
        assertThat(texts.pages().text()).contains("5 texts in 40 pages of 8", "nobody had to leave", "40 of 40");
        assertThat(texts.toString()).contains("5 texts", "40 of 40 pages free");
    }

    @Test
    void aTextThatFitsNoPoolIsRefused() {
        assertThatThrownBy(() -> PagedTexts.of(model, PooledKvArrays::new, FIVE, 2, 8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no room for a text of");
    }

    /** A pool that never gets its pages back is told, and not waited for. */
    @Test
    void pagesThatAreLostAreTold() {
        assertThatThrownBy(() -> PagedTexts.of(model, Leak::new, FIVE, 12, 8))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("are missing");
    }

    /** Takes pages and keeps them all. */
    private static final class Leak extends PagedArrays {
        Leak() {
            super(new PooledPages(), new BlockTableRows());
        }

        @Override
        public void reserve(int sequence, int length, int tokens) {
            int[] table = table(sequence);
            int[] grown =
                    Arrays.copyOf(table, table.length + blocks.missing(table.length, length + tokens, pageTokens));
            int[] taken = pool.take(grown.length - table.length);
            System.arraycopy(taken, 0, grown, table.length, taken.length);
            tables.put(sequence, grown);
        }

        @Override
        public void append(int sequence, int layer, int length, float[] newKeys, float[] newValues) {}

        @Override
        protected float[] read(float[] memory, int[] rows) {
            return new float[rows.length * width];
        }

        @Override
        public void keep(int sequence, int tokens) {
            tables.remove(sequence);
        }
    }

    @Test
    void smallerPagesWasteLess() {
        BatchRun run = BatchRun.of("engine", model, new Scheduler(), FIVE, 5);
        PageWaste waste = PageWaste.of(run, 64);

        assertThat(waste.emptyPercent(1)).isZero();
        assertThat(waste.emptyPercent(4)).isPositive().isLessThan(waste.emptyPercent(16));
        assertThat(waste.emptyPercent(16)).isLessThan(waste.emptyInOnePiece());
        assertThat(waste.overTime().text()).contains("Empty room", "pieces for 64 tokens");
        assertThat(waste.bySize("3.1 waste").text()).contains("Pages of 16 leave");
        assertThatThrownBy(() -> PageWaste.of(run, 8)).hasMessageContaining("too little");
    }

    @Test
    void pagesHoldMoreTextsInTheSameRoom() {
        RoomRates rates = RoomRates.of(model, FIVE, 256, 128, 1);

        assertThat(rates.rows())
                .extracting(RoomRates.Row::memory)
                .containsExactly("one piece each", "pages", "room for all");
        assertThat(rates.rows().getFirst().textsAtOnce()).isLessThanOrEqualTo(2);
        assertThat(rates.rows().get(1).textsAtOnce())
                .isGreaterThan(rates.rows().getFirst().textsAtOnce());
        assertThat(rates.rows().get(1).steps())
                .isLessThan(rates.rows().getFirst().steps());
        assertThat(rates.chart().text()).contains("texts at once in pages");
        assertThatThrownBy(() -> RoomRates.of(model, FIVE, 20, 48, 1)).hasMessageContaining("holds no text");
    }
}
