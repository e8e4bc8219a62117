package tinyllm.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** Bytes to characters, characters to JSON, JSON to events. */
class ChatEventsTest {

    private static final StreamHead HEAD = new StreamHead("chatcmpl-1", "tiny \"model\"", 1_700_000_000, true);

    @Test
    void joinsTheBytesOfACharacter() {
        Deltas deltas = new Deltas();
        byte[] emoji = "🙂".getBytes(UTF_8);
        assertThat(deltas.push(Arrays.copyOf(emoji, 2))).isEmpty();
        assertThat(deltas.push(Arrays.copyOfRange(emoji, 2, 4))).isEqualTo("🙂");
        assertThat(deltas.push(Arrays.copyOf(emoji, 3))).isEmpty();
        assertThat(deltas.finish()).isEqualTo("\uFFFD");
        assertThat(deltas.push("again".getBytes(UTF_8))).isEqualTo("again");
    }

    /** Whatever is cut wherever, the joined text is the text. */
    @Test
    void streamsEveryTextAsItIs() {
        Random random = new Random(5);
        for (int run = 0; run < 300; run++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(30); i > 0; i--) {
                int c = random.nextInt(4) == 0 ? random.nextInt(0x30000) : random.nextInt(128);
                text.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? '?' : c);
            }
            byte[] all = text.toString().getBytes(UTF_8);
            Deltas deltas = new Deltas();
            StringBuilder joined = new StringBuilder();
            for (int from = 0; from < all.length; ) {
                int to = Math.min(all.length, from + 1 + random.nextInt(5));
                joined.append(deltas.push(Arrays.copyOfRange(all, from, to)));
                from = to;
            }
            joined.append(deltas.finish());
            assertThat(joined.toString()).isEqualTo(text.toString());
            assertThat(JsonMapper.shared()
                            .readTree(deltas.quoted(text.toString()))
                            .stringValue())
                    .isEqualTo(text.toString());
        }
    }

    @Test
    void writesOneEventPerLine() {
        ChatEvents events = new ChatEvents();
        String begin = events.begin(HEAD);
        String token = events.token("two\n\nlines\r\ndata: [DONE]".getBytes(UTF_8));
        assertThat(begin).startsWith("data: {").endsWith("}\n\n").contains("\"role\":\"assistant\"");
        assertThat(token.strip().lines()).hasSize(1);
        assertThat(JsonMapper.shared()
                        .readTree(token.substring(5))
                        .path("choices")
                        .path(0)
                        .path("delta")
                        .path("content")
                        .stringValue())
                .isEqualTo("two\n\nlines\r\ndata: [DONE]");
        assertThat(events.token(new byte[0])).isEmpty();
        assertThat(events.end("length", 7, 2))
                .contains("\"finish_reason\":\"length\"", "\"total_tokens\":9")
                .endsWith("data: [DONE]\n\n");
        assertThat(events.failed("no \"luck\"")).doesNotContain("[DONE]").contains("no \\\"luck\\\"");
    }
}
