package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.QueueBounds;
import tinyllm.server.http.HttpException;
import tinyllm.text.Tokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is particular to a prompt that is continued as it stands. */
class CompletionsTest {
    private static final Tiny TINY = new Tiny();
    private static final Tokenizer TOKENIZER = TINY.models.get("tiny").tokenizer();

    @AfterAll
    static void close() {
        TINY.close();
    }

    private static ObjectNode completion(String fields) {
        return Tiny.answer(TINY.completion("{'model':'tiny'," + fields + "}")).whole();
    }

    @Test
    void withoutALimitItIsShort() {
        ObjectNode whole = completion("'prompt':'the sky','ignore_eos':true");
        assertThat(whole.at("/usage/completion_tokens").intValue()).isEqualTo(16);
        assertThat(whole.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
        ObjectNode longer = completion("'prompt':'the sky','ignore_eos':true,'max_tokens':20");
        assertThat(longer.at("/usage/completion_tokens").intValue()).isEqualTo(20);
        int[] nearlyAll = new int[TINY.engine.capacity() - 5];
        Arrays.fill(nearlyAll, TOKENIZER.encode("a")[0]);
        ObjectNode shorter = completion("'prompt':" + Arrays.toString(nearlyAll) + ",'ignore_eos':true");
        assertThat(shorter.at("/usage/completion_tokens").intValue())
                .as("what a long prompt leaves")
                .isEqualTo(5);
        JsonNode limit = Tiny.MAPPER
                .readTree(OpenApi.document())
                .at("/components/schemas/CompletionRequest/properties/max_tokens/default");
        assertThat(limit.intValue()).as("the document's default").isEqualTo(16);
    }

    /** An editor writes {@code <|fim_prefix|>…<|fim_suffix|>…<|fim_middle|>}; this tokenizer has others, and they are read the same way. */
    @Test
    void specialTokensInAPromptAreSpecial() {
        String prompt = "<|im_start|>def f():<|endoftext|>\\n";
        int[] ids = TOKENIZER.encodeWithSpecials(prompt.replace("\\n", "\n"));
        assertThat(Arrays.stream(ids).filter(TOKENIZER::isSpecial).count()).isEqualTo(2);
        String fields = ",'seed':3,'temperature':1,'max_tokens':12,'logprobs':2";
        ObjectNode byText = completion("'prompt':'" + prompt + "'" + fields);
        ObjectNode byIds = completion("'prompt':" + Arrays.toString(ids) + fields);
        assertThat(byText.at("/usage/prompt_tokens").intValue()).isEqualTo(ids.length);
        assertThat(byText.get("choices")).isEqualTo(byIds.get("choices"));
        ObjectNode several = completion("'prompt':['x','" + prompt + "']" + fields);
        assertThat(several.at("/choices/1/logprobs")).isEqualTo(byIds.at("/choices/0/logprobs"));
    }

    @Test
    void aMessageStaysPlainText() {
        String said = "'max_tokens':1,'messages':[{'role':'user','content':'";
        int plain = chatPrompt(said + "<|im_staat|>'}]");
        assertThat(chatPrompt(said + "<|im_start|>'}]")).isEqualTo(plain);
    }

    private static int chatPrompt(String fields) {
        return Tiny.answer(TINY.chat("{'model':'tiny'," + fields + "}"))
                .whole()
                .at("/usage/prompt_tokens")
                .intValue();
    }

    /** Bytes are counted before anything becomes tokens, specials or not. */
    @Test
    void theQueuesBytesBoundItToo() {
        try (Tiny narrow =
                new Tiny(EngineOptions.standard().with(QueueBounds.standard().withPromptBytes(100)))) {
            String prompt = "<|im_start|>".repeat(9); // 108 bytes, and 9 tokens
            Job job = narrow.completion("{'model':'tiny','prompt':'" + prompt + "'}");
            assertThatThrownBy(() -> Answering.start(job, "a-test"))
                    .isInstanceOfSatisfying(HttpException.class, refused -> {
                        assertThat(refused.status()).isEqualTo(400);
                        assertThat(refused).hasMessageContaining("108").hasMessageContaining("100");
                    });
        }
    }

    @Test
    void minusOneTurnsTopKOff() {
        for (String off : List.of("-1", "0", "null")) {
            Fields fields = new Fields(Tiny.json("{'top_k':" + off + "}"), "");
            assertThat(Sampling.read(fields, "max_tokens").params().topK())
                    .as(off)
                    .isZero();
        }
    }

    /** The second of two that begin the same finds the full pages of the first. */
    @Test
    void whatTheCacheKnewIsCounted() {
        try (Tiny fresh = new Tiny()) {
            String prompt = "'prompt':'" + "what many requests begin with ".repeat(20) + "'";
            Job first = fresh.completion("{'model':'tiny'," + prompt + "}");
            Job second = fresh.completion("{'model':'tiny','n':2," + prompt + "}");
            assertThat(cached(Tiny.answer(first).whole())).isZero();
            long before = fresh.engine.metrics().prefixTokens();
            ObjectNode whole = Tiny.answer(second).whole();
            long both = fresh.engine.metrics().prefixTokens() - before;
            assertThat(cached(whole))
                    .isPositive()
                    .isLessThan(whole.at("/usage/prompt_tokens").intValue())
                    .isEqualTo((int) both / 2);
            String asked = "'messages':[{'role':'user','content':'" + "the same again and again ".repeat(20) + "'}]";
            String chat = "{'model':'tiny','max_tokens':2," + asked + "}";
            assertThat(cached(Tiny.answer(fresh.chat(chat)).whole())).isZero();
            assertThat(cached(Tiny.answer(fresh.chat(chat)).whole())).isPositive();
            String input = "{'model':'tiny','max_output_tokens':2,'input':'" + "and here once more ".repeat(20) + "'}";
            int template =
                    cached(Tiny.answer(fresh.responses(input)).whole()); // which the chat's prompt began with, too
            assertThat(cached(Tiny.answer(fresh.responses(input)).whole())).isGreaterThan(template + 100);
        }
    }

    private static int cached(ObjectNode whole) {
        JsonNode usage = whole.get("usage");
        String details = usage.has("input_tokens") ? "/input_tokens_details" : "/prompt_tokens_details";
        return usage.at(details + "/cached_tokens").intValue();
    }
}
