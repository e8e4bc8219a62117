package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.server.http.HttpException;

/** What a request may not hold is named in the answer (rows T1, T2, T4–T7, R1–R10), and costs next to nothing. */
class RefusalsTest {
    private static final Tiny TINY = new Tiny();
    private static final String HELLO = "'messages':[{'role':'user','content':'Hello'}]";

    @AfterAll
    static void close() {
        TINY.close();
    }

    private static HttpException refused(String body) {
        HttpException problem =
                catchThrowableOfType(HttpException.class, () -> Answering.start(TINY.chat(body), "a-test"));
        assertThat(problem).as(body.substring(0, Math.min(300, body.length()))).isNotNull();
        assertThat(problem.getMessage()).hasSizeLessThan(2000).doesNotContain("tools.jackson", "Exception");
        return problem;
    }

    private static String param(HttpException problem) {
        return Tiny.error(problem).get("param").asString("");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "n~0",
                "n~-1",
                "n~17",
                "n~1000000000",
                "n~1.5",
                "n~'2'",
                "max_tokens~0",
                "max_tokens~-1",
                "max_tokens~2147483648",
                "max_tokens~9223372036854775808",
                "max_tokens~1.5",
                "max_tokens~'7'",
                "temperature~-1",
                "temperature~1e308",
                "temperature~1e999",
                "temperature~'0'",
                "temperature~2.1",
                "top_p~0",
                "top_p~1.01",
                "top_p~-1",
                "min_p~2",
                "min_p~-0.1",
                "top_k~-2",
                "top_k~0.5",
                "repetition_penalty~0",
                "repetition_penalty~11",
                "presence_penalty~2.1",
                "frequency_penalty~-3",
                "logit_bias~{'151936':5}",
                "logit_bias~{'-1':5}",
                "logit_bias~{'1e9':5}",
                "logit_bias~{'16':'NaN'}",
                "logit_bias~{'16':101}",
                "logit_bias~[1]",
                "logit_bias~{'01':1,'1':2}",
                "stop~''",
                "stop~['a','']",
                "stop~[1]",
                "stop~5",
                "stop~['a','b','c','d','e']",
                "seed~'x'",
                "seed~1.5",
                "seed~9223372036854775808",
                "logprobs~5",
                "top_logprobs~3",
                "ignore_eos~'yes'",
                "stream~'yes'",
                "stream_options~{'include_usage':true}",
                "user~7",
                "metadata~'x'",
                "store~1",
                "service_tier~3",
                "parallel_tool_calls~'no'",
                "tools~{}",
                "tools~[1]",
                "tool_choice~'required'",
                "tool_choice~'maybe'",
                "tool_choice~{'type':'function','function':{'name':'g'}}",
                "response_format~'json'",
                "response_format~{'type':'xml'}",
                "response_format~{'type':'json_schema'}",
                "audio~{}",
                "functions~[]",
                "reasoning_effort~'high'",
                "modalities~['audio']",
                "chat_template_kwargs~{'a':{}}",
            })
    void oneFieldIsWrong(String field, String value) {
        HttpException problem = refused("{'model':'tiny'," + HELLO + ",'" + field + "':" + value + "}");
        assertThat(problem.status()).isEqualTo(400);
        assertThat(Tiny.error(problem).get("message").stringValue()).contains(field);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache_salt", "best_of", "frobnicate", "prompt", "n_predict"})
    void unknownFieldsAreNamed(String field) {
        HttpException problem = refused("{'model':'tiny'," + HELLO + ",'" + field + "':1}");
        assertThat(param(problem)).isEqualTo(field);
        assertThat(Tiny.error(problem).get("code").stringValue()).isEqualTo("unknown_parameter");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "[]~messages",
                "'hi'~messages",
                "[{'role':'user','content':''}]~messages",
                "[{'role':'user','content':'  '}]~messages",
                "[{'role':'system','content':'x'}]~messages",
                "[{'role':'wizard','content':'x'}]~messages[0].role",
                "[{'content':'x'}]~messages[0].role",
                "[{'role':'user'}]~messages[0].content",
                "[{'role':'user','content':5}]~messages[0].content",
                "[5]~messages[0]",
                "[{'role':'user','content':[{'type':'image_url','image_url':{'url':'http://169.254.169.254/'}}]}]~messages[0].content[0].type",
                "[{'role':'user','content':[{'type':'text','text':'x','size':2}]}]~messages[0].content[0].size",
                "[{'role':'user','content':'x','weight':0}]~messages[0].weight",
                "[{'role':'tool','content':'x'}]~messages[0].tool_call_id",
                "[{'role':'assistant','tool_calls':[{'id':'a','type':'function'}]},{'role':'user','content':'x'}]~messages[0].tool_calls[0].function",
            })
    void messagesAreWrong(String messages, String param) {
        HttpException problem = refused("{'model':'tiny','messages':" + messages + "}");
        assertThat(problem.status()).isEqualTo(400);
        assertThat(param(problem)).isEqualTo(param);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc/passwd", "C:/x", "//host/x", "%2e%2e/", "Tiny", "tiny ", "", "gpt-4o"})
    void modelsAreComparedByName(String name) {
        HttpException problem = refused("{'model':'" + name + "'," + HELLO + "}");
        assertThat(problem.status()).isEqualTo(404);
        assertThat(problem.getMessage()).contains("tiny");
        assertThat(refused("{'model':'" + "m".repeat(10_000) + "'," + HELLO + "}")
                        .getMessage())
                .hasSizeLessThan(200);
        assertThat(param(refused("{" + HELLO + "}"))).isEqualTo("model");
    }

    static Stream<String> hostileBodies() {
        return Stream.of(
                "[".repeat(100_000),
                "{'a':".repeat(100_000),
                "{"
                        + IntStream.range(0, 1_000_000)
                                .mapToObj(i -> "'k" + i + "':1")
                                .collect(Collectors.joining(",")) + "}",
                "{'n':" + "9".repeat(1_000_000) + "}",
                "{'model':'tiny','model':'tiny'}",
                "{'model':'tiny'} x",
                "[1]",
                "null",
                "",
                "{'temperature':NaN}",
                "{'temperature':1e1000000000}",
                "{'temperature':Infinity}",
                "{'model':'a\\u0000b'}",
                "{'model':'\\ud800'}",
                "{'\\udc00':1}",
                "\ufeff{}");
    }

    @ParameterizedTest
    @MethodSource("hostileBodies")
    void hostileBodiesAreRefusedAtOnce(String body) {
        byte[] bytes = body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        Assertions.assertTimeout(
                Duration.ofSeconds(3),
                () -> assertThatThrownBy(() -> RequestJson.object(bytes))
                        .isInstanceOfSatisfying(HttpException.class, e -> {
                            assertThat(e.status()).isEqualTo(400);
                            assertThat(e.getMessage()).hasSizeLessThan(500);
                        }));
    }

    @Test
    void bytesThatAreNoUtf8AreRefused() {
        for (int[] bytes : new int[][] {{0xC3, 0x28}, {0xED, 0xA0, 0x80}, {0xFF}, {0xFE, 0xFF, 0, '{'}}) {
            byte[] body = new byte[bytes.length];
            IntStream.range(0, bytes.length).forEach(i -> body[i] = (byte) bytes[i]);
            assertThatThrownBy(() -> RequestJson.object(body)).hasMessageContaining("UTF-8");
        }
    }

    /** A body that was good, with bytes changed at random: an answer of the right class, or a job. */
    @Test
    void changedBodiesNeverBreakTheReader() {
        byte[] good =
                ("{'model':'tiny','n':2,'stop':['a'],'temperature':0.5,'logit_bias':{'5':1},'messages':[{'role':'user',"
                                + "'content':[{'type':'text','text':'h\u00e9'}]}],'tools':[{'type':'function','function':{'name':'f',"
                                + "'parameters':{'type':'object','properties':{'a':{'enum':['x','y']}}}}}],'tool_choice':'auto'}")
                        .replace('\'', '"')
                        .getBytes(StandardCharsets.UTF_8);
        Random random = new Random(11);
        int jobs = 0;
        for (int round = 0; round < 4000; round++) {
            byte[] body = good.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                body[random.nextInt(body.length)] =
                        (byte) (random.nextInt(4) == 0 ? random.nextInt() : 32 + random.nextInt(95));
            }
            try {
                ChatRequest.read(RequestJson.object(body), TINY.models);
                jobs++;
            } catch (HttpException e) {
                assertThat(e.status()).isIn(400, 404);
            }
        }
        assertThat(jobs).isPositive();
    }

    @Test
    void promptsThatDontFitNameTheCounts() {
        String many = "x".repeat(5000);
        HttpException problem = refused("{'model':'tiny','messages':[{'role':'user','content':'" + many + "'}]}");
        assertThat(problem.getMessage()).contains("5").contains(String.valueOf(Tiny.CONTEXT));
        assertThat(Tiny.error(problem).get("code").stringValue()).isEqualTo("context_length_exceeded");
        assertThat(refused("{'model':'tiny'," + HELLO + ",'max_tokens':4096}").getMessage())
                .contains("4096");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "272", "263", "999999", "2147483647", "4294967296", "1.5", "'1'", "null"})
    void idsOutsideTheVocabulary(String id) {
        assertThatThrownBy(() -> TINY.completion("{'model':'tiny','prompt':[1,2," + id + "]}"))
                .isInstanceOf(HttpException.class)
                .hasMessageContaining("prompt[2]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "'prompt':''~prompt",
                "'prompt':[]~prompt",
                "'prompt':5~prompt",
                "'prompt':['a',[]]~prompt[1]",
                "'prompt':'a','echo':true~echo",
                "'prompt':'a','suffix':'b'~suffix",
                "'prompt':'a','best_of':2~best_of",
                "'prompt':['a','b','c'],'n':6~n",
                "'prompt':'a','logprobs':21~logprobs",
                "'prompt':'a','messages':[]~messages",
            })
    void completionsAreWrong(String fields, String param) {
        HttpException problem =
                catchThrowableOfType(HttpException.class, () -> TINY.completion("{'model':'tiny'," + fields + "}"));
        assertThat(param(problem)).isEqualTo(param);
        assertThat(problem.status()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "'x':1~input",
                "'input':[]~input",
                "'input':'a','previous_response_id':'r'~previous_response_id",
                "'input':'a','background':true~background",
                "'input':'a','truncation':'auto'~truncation",
                "'input':'a','n':2~n",
                "'input':'a','tools':[{'type':'web_search'}]~tools[0].type",
                "'input':[{'type':'item_reference','id':'x'}]~input[0].type",
                "'input':'a','max_output_tokens':0~max_output_tokens",
                "'input':[{'role':'user','content':[{'type':'input_image','image_url':'file:///etc/passwd'}]}]~input[0].content[0].type",
                "'input':'a','text':{'format':{'type':'json_schema','name':'x'}}~text.format.schema",
            })
    void responsesAreWrong(String fields, String param) {
        HttpException problem =
                catchThrowableOfType(HttpException.class, () -> TINY.responses("{'model':'tiny'," + fields + "}"));
        assertThat(param(problem)).isEqualTo(param);
        assertThat(problem.status()).isEqualTo(400);
    }

    private static String tool(String name, String parameters, boolean strict) {
        return "{'type':'function','function':{'name':'" + name + "','strict':" + strict + ",'parameters':" + parameters
                + "}}";
    }

    /** Strict or not, what is too long is not even shown to the model. */
    @Test
    void toolsAreTooLongTogether() {
        String tools = IntStream.range(0, 30)
                .mapToObj(i -> tool("f" + i, "{'description':'" + "x".repeat(50_000) + "'}", false))
                .collect(Collectors.joining(","));
        HttpException problem = refused("{'model':'tiny'," + HELLO + ",'tools':[" + tools + "]}");
        assertThat(param(problem)).isEqualTo("tools");
        assertThat(problem.getMessage()).contains("characters together; at most 1048576 are read");
    }

    /** Each tool's schema passes alone, and all together take more than one request may. */
    @Test
    void strictToolsShareABudget() {
        String tools = IntStream.range(0, 10)
                .mapToObj(i -> tool("f" + i, "{'properties':{'a':{'const':'" + "x".repeat(20_000) + "'}}}", true))
                .collect(Collectors.joining(","));
        HttpException problem = refused("{'model':'tiny'," + HELLO + ",'tools':[" + tools + "]}");
        assertThat(param(problem)).isEqualTo("tools[6].parameters");
        assertThat(problem.getMessage()).contains("more than 131072 bytes together");
    }

    @Test
    void toolsAndSchemasAreWrong() {
        String many = IntStream.range(0, 1000)
                .mapToObj(i -> tool("f" + i, "{}", false))
                .collect(Collectors.joining(","));
        String start = "{'model':'tiny'," + HELLO + ",";
        assertThat(param(refused(start + "'tools':[" + many + "]}"))).isEqualTo("tools");
        assertThat(param(refused(start + "'tools':[" + tool("a b", "{}", false) + "]}")))
                .isEqualTo("tools[0].function.name");
        assertThat(param(refused(start + "'tools':[" + tool("f", "{}", false) + "," + tool("f", "{}", false) + "]}")))
                .isEqualTo("tools");
        assertThat(refused(start + "'tools':[" + tool("f", "{'not':{}}", true) + "]}")
                        .getMessage())
                .contains("\"not\"");
        for (String schema : new String[] {
            "{'not':{}}",
            "{'type':'string','pattern':'(a'}",
            "{'$ref':'#'}",
            "false",
            "{'type':'integer','minimum':5,'maximum':3}",
            "{'$ref':'#/$defs/100%'}",
            "{'type':'string','pattern':['a','b']}",
            "{'oneOf':["
                    + IntStream.range(0, 20_000)
                            .mapToObj(i -> "{'const':" + i + "}")
                            .collect(Collectors.joining(","))
                    + "]}",
            "{'const':'" + "x".repeat(4_000_000) + "'}",
            "{'enum':["
                    + IntStream.range(1_000_000, 1_020_000)
                            .mapToObj(i -> "'" + i + "x".repeat(30) + "'")
                            .collect(Collectors.joining(","))
                    + "]}",
            "{'type':'object','properties':{'a':{},'b':{}},'minProperties':1000000}",
            "{'items':".repeat(300) + "{}" + "}".repeat(300)
        }) {
            HttpException problem = refused(start
                    + "'response_format':{'type':'json_schema','json_schema':{'name':'x','schema':" + schema + "}}}");
            assertThat(problem.status()).isEqualTo(400);
            assertThat(param(problem)).contains("schema");
        }
    }
}
