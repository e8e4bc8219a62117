package tinyllm.sampling.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.sampling.JsonConstraint;
import tinyllm.sampling.grammar.GrammarException;
import tinyllm.sampling.grammar.TokenSet;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.text.ByteTokenizer;
import tinyllm.text.Tokenizer;
import tools.jackson.databind.json.JsonMapper;

/** Whatever is drawn under a schema ends, is JSON, and passes an independent validator. */
public class JsonSchemaTest {

    private static final Tokenizer BYTES = ByteTokenizer.create();
    private static final TokenTrie TRIE = TokenTrie.of(BYTES);
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    /** One schema a line. */
    public static Stream<String> schemas() throws IOException {
        try (var in = Objects.requireNonNull(JsonSchemaTest.class.getResourceAsStream("schemas.txt"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.isBlank());
        }
    }

    private static JsonConstraint.Ready ready(String schema) {
        return new JsonConstraint.Ready(JsonSchema.compile(schema), TRIE, BYTES);
    }

    /** Random tokens among those allowed; stops at random once it may. */
    private static String draw(JsonConstraint.Ready ready, int limit, Random random) {
        JsonConstraint text = ready.start();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int left = limit; left > 0; left--) {
            TokenSet allowed = text.allowed(left);
            if (text.mayEnd() && (allowed.isEmpty() || random.nextInt(4) == 0)) {
                break;
            }
            assertThat(allowed.isEmpty()).as("stuck behind %s", out).isFalse();
            int[] ids = allowed.ids().toArray();
            int id = ids[random.nextInt(ids.length)];
            text.accept(id);
            out.writeBytes(BYTES.bytes(id));
        }
        String drawn = out.toString(StandardCharsets.UTF_8);
        assertThat(text.mayEnd()).as("ended within %d tokens: %s", limit, drawn).isTrue();
        return drawn;
    }

    @ParameterizedTest
    @MethodSource("schemas")
    @Tag("slow")
    void whatIsDrawnValidatesAndEnds(String schema) {
        JsonConstraint.Ready ready = ready(schema);
        Schema validator = REGISTRY.getSchema(schema);
        for (int seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            String text = draw(ready, 160 + random.nextInt(400), random);
            var errors = validator.validate(
                    MAPPER.readTree(text), run -> run.executionConfig(config -> config.formatAssertionsEnabled(true)));
            assertThat(errors).as("%s under %s", text, schema).isEmpty();
        }
    }

    /** What a model would write by itself has to be allowed, too. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{\"type\":\"object\"}~{\"a\": [1, 2.5e3, {\"b\": null}], \"c\": \"x\\u00e9\\n\"}",
                "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"integer\"}}}~{\"b\": -7}",
                "{\"type\":\"string\",\"format\":\"date-time\"}~\"2024-12-31T23:59:59.5+01:00\"",
                "{\"type\":\"string\",\"format\":\"email\"}~\"anna.b+news@mail.example.com\"",
                "{\"type\":\"string\",\"pattern\":\"ll\"}~\"hello\"",
                "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}~0.25",
                "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}~[1, 20, -3]",
                "{\"$ref\":\"#/$defs/x%7E1y\",\"$defs\":{\"x/y\":{\"type\":\"null\"}}}~null",
            })
    void takesWhatAModelWrites(String schema, String text) {
        JsonConstraint constraint = ready(schema).start();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            assertThat(constraint.allowed(1_000).has(b & 255))
                    .as("byte '%c' of %s", b, text)
                    .isTrue();
            constraint.accept(b & 255);
        }
        assertThat(constraint.mayEnd()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{\"not\":{}}~\"not\" is not supported",
                "{\"type\":\"strng\"}~type must be one of",
                "{\"type\":\"string\",\"format\":\"regex\"}~the format \"regex\" is not supported",
                "{\"type\":\"array\",\"uniqueItems\":true}~uniqueItems",
                "{\"type\":\"array\",\"contains\":{}}~\"contains\" is not supported",
                "{\"if\":{}}~\"if\" is not supported",
                "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}~may match both 0 and 1 of oneOf",
                "{\"type\":\"string\",\"nullable\":true}~\"nullable\" is no keyword",
                "{\"$ref\":\"other.json\"}~must stay in this schema",
                "{\"$ref\":\"#/$defs/none\"}~leads nowhere",
                "{\"type\":\"string\",\"pattern\":\"(?=a)b\"}~looking ahead",
                "{\"type\":\"string\",\"pattern\":\"(a\"}~is not closed",
                "{\"type\":\"string\",\"pattern\":\"\\\\1\"}~is not supported",
                "{\"type\":\"string\",\"minLength\":\"3\"}~minLength must be a whole number",
                "{\"type\":\"string\",\"minLength\":5,\"maxLength\":3}~more than maxLength",
                "{\"type\":\"array\",\"minItems\":9,\"maxItems\":3}~minItems 9",
                "{\"type\":\"number\",\"multipleOf\":0}~multipleOf must be more than 0",
                "{\"type\":\"integer\",\"multipleOf\":0.3}~multipleOf 0.3 is not supported",
                "{\"anyOf\":[]}~at least one schema",
                "{\"enum\":[]}~none of the values",
                "{\"type\":\"integer\",\"enum\":[\"a\"]}~none of the values",
                "{\"required\":[1]}~required must be a list of names",
                "{\"properties\":[]}~properties must be an object",
                "{\"$ref\":\"#/$defs/100%\"}~leads nowhere",
                "{\"$ref\":\"#/$defs/%zz\"}~leads nowhere",
                "{\"type\":\"string\",\"pattern\":[\"a\",\"b\"]}~pattern must be a string",
                "{\"allOf\":[{\"pattern\":[\"a\"]},{\"pattern\":\"b\"}]}~pattern must be a string",
                "{\"oneOf\":[{\"const\":1},{\"const\":1.0}]}~may match both 0 and 1 of oneOf",
                "{\"oneOf\":[{\"enum\":[{\"a\":[10]}]},{\"const\":{\"a\":[1e1]}}]}~may match both 0 and 1 of oneOf",
                "{\"oneOf\":[{\"type\":\"object\",\"required\":[\"x\"]},{\"type\":\"object\",\"patternProperties\":{\"^x$\":{}},\"additionalProperties\":false}]}~may match both 0 and 1 of oneOf",
                "{\"type\":\"object\",\"minProperties\":2}~minProperties 2 is not supported",
                "{\"allOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}~no type is both",
                "[]~a schema is an object or true or false",
                "{\"a\":~it is no JSON",
                "{\"type\":\"null\",\"type\":\"null\"}~it is no JSON",
            })
    void refusesByName(String schema, String message) {
        assertThatThrownBy(() -> JsonSchema.compile(schema))
                .isInstanceOf(SchemaException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "false",
                "{\"$ref\":\"#\"}",
                "{\"type\":\"integer\",\"minimum\":5,\"maximum\":3}",
                "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}",
                "{\"type\":\"object\",\"required\":[\"z\"],\"additionalProperties\":false}",
                "{\"type\":\"string\",\"pattern\":\"^a$\",\"minLength\":2}",
                "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"allOf\":[{\"pattern\":\"^a\"},{\"pattern\":\"^b\"}]},\"minItems\":1}",
                "{\"type\":\"integer\",\"multipleOf\":7,\"minimum\":1,\"maximum\":6}",
            })
    void saysThatNothingCanSatisfy(String schema) {
        assertThatThrownBy(() -> ready(schema))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("no value");
    }

    /** Each says which limit, and how to do with less. */
    @Test
    void refusesWhatIsTooLarge() {
        String properties =
                IntStream.range(0, 2_000).mapToObj(i -> "\"p" + i + "\":{}").collect(Collectors.joining(","));
        assertThatThrownBy(() -> JsonSchema.compile("{\"oneOf\":[" + constants(20_000) + "]}"))
                .hasMessageContaining("oneOf has 20000 schemas; at most 1000 are supported");
        assertThatThrownBy(() -> JsonSchema.compile("{\"properties\":{" + properties + "},\"maxProperties\":900}"))
                .hasMessageContaining("maxProperties 900 over 2000 properties has to be counted at 1802901 places");
        assertThatThrownBy(() -> JsonSchema.compile("{\"const\":\"" + "x".repeat(200_000) + "\"}"))
                .hasMessageContaining("more than 131072 bytes together");
        assertThatThrownBy(() -> JsonSchema.compile(MAPPER.readTree("{\"const\":\"" + "x".repeat(4_000_000) + "\"}")))
                .hasMessageContaining("4000013 characters; at most 1048576 are read");
        assertThatThrownBy(() -> JsonSchema.compile("{\"required\":[\"" + "x".repeat(1_001) + "\"]}"))
                .hasMessageContaining("1001 characters; at most 1000");
    }

    /** Schemas of one request share a budget: many that pass alone do not pass together. */
    @Test
    void schemasOfOneRequestShareABudget() {
        var schema = MAPPER.readTree("{\"const\":\"" + "x".repeat(50_000) + "\"}");
        SchemaBudget budget = new SchemaBudget();
        JsonSchema.compile(schema, budget);
        JsonSchema.compile(schema, budget);
        assertThatThrownBy(() -> JsonSchema.compile(schema, budget)).hasMessageContaining("131072 bytes");
    }

    private static String constants(int count) {
        return IntStream.range(0, count).mapToObj(i -> "{\"const\":" + i + "}").collect(Collectors.joining(","));
    }

    /** An array whose items are impossible is still the empty array. */
    @Test
    void leavesOutWhatIsImpossible() {
        String schema = "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":2,\"maximum\":1}}";
        assertThat(draw(ready(schema), 50, new Random(1)).replace(" ", "")).isEqualTo("[]");
    }

    static Stream<String> hostile() {
        String deep = "{\"items\":".repeat(300) + "{}" + "}".repeat(300);
        String wide =
                IntStream.range(0, 100_000).mapToObj(i -> "\"v" + i + "\"").collect(Collectors.joining(","));
        String ambiguous = "{\"type\":\"string\",\"pattern\":\"^(a*)*(a|aa)*(a?){50}b$\",\"minLength\":20}";
        String meeting =
                "{\"type\":\"string\",\"allOf\":[{\"pattern\":\"(a|b)*a(a|b){18}$\"},{\"pattern\":\"(a|b)*b(a|b){17}$\"}]}";
        String bomb = "{\"type\":\"string\",\"pattern\":\"^((((a{2000}){2000}){2000}){2000})$\"}";
        String patterns = IntStream.range(0, 2_000)
                .mapToObj(i -> "\"p" + i + "\":{\"type\":\"string\",\"pattern\":\"^x" + i + "[a-z]*$\",\"maxLength\":"
                        + (20 + i) + "}")
                .collect(Collectors.joining(","));
        String objects = IntStream.range(0, 1_000)
                .mapToObj(i -> "{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[" + i + ",\"b" + i
                        + "\"]}},\"required\":[\"a\"]}")
                .collect(Collectors.joining(","));
        String many = IntStream.range(0, 10_000).mapToObj(Integer::toString).collect(Collectors.joining(","));
        String empty = "{}" + ",{}".repeat(999);
        String parts = IntStream.range(0, 1_000)
                .mapToObj(i -> "{\"properties\":{"
                        + IntStream.range(0, 20)
                                .mapToObj(k -> "\"p" + (20 * i + k) + "\":{}")
                                .collect(Collectors.joining(","))
                        + "}}")
                .collect(Collectors.joining(","));
        String chain = "{\"pattern\":\"a\"}"
                + IntStream.range(0, 999)
                        .mapToObj(i -> ",{\"pattern\":\"a" + "b?".repeat(i) + "\"}")
                        .collect(Collectors.joining());
        String self =
                "{\"$defs\":{\"a\":{\"type\":\"object\",\"required\":[\"x\",\"y\",\"z\"],\"properties\":{\"x\":{\"$ref\":\"#/$defs/a\"},"
                        + "\"y\":{\"$ref\":\"#/$defs/a\"},\"z\":{\"$ref\":\"#/$defs/a\"}}}},\"oneOf\":["
                        + "{\"$ref\":\"#/$defs/a\"},".repeat(300) + "{\"$ref\":\"#/$defs/a\"}]}";
        String letters = IntStream.range(0, 400)
                .mapToObj(i -> "\"p" + i + "\":{\"pattern\":\"^" + "\\\\p{L}".repeat(300) + i + "$\"}")
                .collect(Collectors.joining(","));
        return Stream.of(
                deep,
                "{\"oneOf\":[" + constants(40_000) + "]}",
                "{\"oneOf\":[" + constants(1_000) + "]}",
                "{\"oneOf\":[" + objects + "]}",
                "{\"properties\":{" + patterns + "}}",
                "{\"type\":\"object\",\"properties\":{" + patterns + "},\"required\":[\"p1999\"],\"maxProperties\":20}",
                "{\"type\":\"integer\",\"enum\":[" + many + "],\"anyOf\":[" + empty + "]}",
                "{\"allOf\":[" + parts + "]}",
                "{\"type\":\"string\",\"allOf\":[" + chain + "]}",
                "{\"properties\":{" + letters + "}}",
                self,
                "{\"minProperties\":1,\"maxProperties\":1000000000}",
                "{\"required\":[\"" + "x".repeat(900) + "\"],\"additionalProperties\":{\"minProperties\":1}}",
                "{\"enum\":[" + wide + "]}",
                ambiguous,
                meeting,
                bomb,
                "{\"type\":\"string\",\"pattern\":\"(a+)+$\"}",
                "{\"type\":\"string\",\"minLength\":99999}",
                "{\"type\":\"integer\",\"maximum\":1e400}",
                "{\"type\":\"array\",\"minItems\":10000,\"items\":{\"type\":\"array\",\"minItems\":10000}}",
                "{\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}},\"allOf\":[{\"$ref\":\"#/$defs/a\"}]}");
    }

    /** Refused with a sentence or usable, but never endless (row R5). */
    @ParameterizedTest
    @MethodSource("hostile")
    @Tag("slow")
    void hostileSchemasTakeLittleTime(String schema) {
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(12), () -> {
            try {
                JsonConstraint text = ready(schema).start();
                for (int i = 0; i < 50 && !text.allowed(1_000).isEmpty(); i++) {
                    text.accept(text.allowed(1_000).ids().findFirst().orElseThrow());
                }
            } catch (SchemaException | GrammarException e) {
                assertThat(e.getMessage()).hasSizeLessThan(2_000).matches("(?s).*[a-z].*");
            }
        });
    }
}
