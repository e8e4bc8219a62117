package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tinyllm.engine.Completion;
import tinyllm.engine.FinishReason;
import tinyllm.engine.Token;
import tinyllm.text.TextStream;
import tools.jackson.databind.node.ObjectNode;

/** What a stream's pieces add up to, for many texts and without a model (row T9). */
class StreamedTextTest {
    private static final int TEXTS = 1000;
    private static final String[] WORDS = {
        "the",
        " ",
        "\n",
        "é",
        "你好",
        "🙂",
        "👩‍👩‍👧",
        "\r\n\r\n",
        "data: ",
        "\"",
        "\\",
        "<",
        "<tool",
        "</tool_call>",
        "\u202e",
        "{",
        "[DONE]"
    };

    private static final Tiny TINY = new Tiny();

    @AfterAll
    static void close() {
        TINY.close();
    }

    private static String random(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(30); i >= 0; i--) {
            text.append(WORDS[random.nextInt(WORDS.length)]);
        }
        return text.toString();
    }

    /** As the engine hands them out: a character whose bytes lie in several tokens comes with the last of them. */
    private static List<Token> tokens(String text) {
        List<Token> all = new ArrayList<>();
        TextStream stream = new TextStream(TINY.models.get("tiny").tokenizer());
        for (int id : TINY.models.get("tiny").tokenizer().encode(text)) {
            all.add(new Token(all.size(), id, stream.push(id), Double.NaN, List.of()));
        }
        assertThat(stream.finish()).isEmpty();
        return all;
    }

    private static Completion done(String text, List<Token> tokens) {
        List<Integer> ids = tokens.stream().map(Token::id).toList();
        return new Completion(text, ids, 1, FinishReason.STOP.word(), 1, 1, 1, List.of());
    }

    private static void run(AnswerWriter writer, String text, List<ObjectNode> events) {
        List<Token> tokens = tokens(text);
        events.addAll(writer.begin());
        tokens.forEach(token -> events.addAll(writer.token(0, token)));
        events.addAll(writer.end(0, FinishReason.STOP, done(text, tokens), 0));
        events.addAll(writer.finish());
    }

    private static String joined(List<ObjectNode> events, String... places) {
        StringBuilder text = new StringBuilder();
        for (ObjectNode event : events) {
            // through bytes and back, as a client has it
            var sent = Tiny.MAPPER.readTree(Words.utf8(RequestJson.write(event)));
            for (String place : places) {
                text.append(sent.at(place).asString(""));
            }
        }
        return text.toString();
    }

    @Test
    void piecesAddUpToTheText() {
        ServedModel model = TINY.models.get("tiny");
        for (int seed = 0; seed < TEXTS; seed++) {
            String text = random(new Random(seed));
            boolean tools = seed % 2 == 0;
            List<ObjectNode> chat = new ArrayList<>();
            ChatWriter chatWriter = new ChatWriter(model, 1, true, false, false, tools);
            run(chatWriter, text, chat);
            assertThat(joined(chat, "/choices/0/delta/content"))
                    .as("chat, seed %d", seed)
                    .isEqualTo(text);
            assertThat(chatWriter.whole().at("/choices/0/message/content").stringValue())
                    .as("chat as a whole, seed %d", seed)
                    .isEqualTo(text);
            List<ObjectNode> completion = new ArrayList<>();
            CompletionWriter writer = new CompletionWriter(model, 1, 1, true, false, false);
            run(writer, text, completion);
            assertThat(joined(completion, "/choices/0/text"))
                    .as("completion, seed %d", seed)
                    .isEqualTo(text);
            assertThat(writer.whole().at("/choices/0/text").stringValue()).isEqualTo(text);
        }
    }
}
