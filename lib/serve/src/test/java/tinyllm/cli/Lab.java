package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** One command, run in this process. */
record Lab(int code, String out, String err) {

    /** Tiny random models: a Qwen2 with tokenizer and template, and a GGUF of the same family. */
    static final Path CHECKPOINTS = Path.of("..", "core", "src", "test", "resources", "checkpoints");

    static final String TINY = CHECKPOINTS.resolve("qwen2-tied-bf16").toString();

    static Lab run(String... args) {
        return withInput("", args);
    }

    static Lab withInput(String input, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        int code = Main.run(in, new PrintWriter(out, true), new PrintWriter(err, true), args);
        return new Lab(code, out.toString(), err.toString());
    }

    /** Standard output is one JSON object of this schema, and standard error is empty. */
    JsonNode json(String schema) {
        assertThat(err).isEmpty();
        assertThat(out.lines()).hasSize(1);
        try (InputStream source = Lab.class.getResourceAsStream("/schemas/" + schema + ".json")) {
            var errors = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(Objects.requireNonNull(source))
                    .validate(out, InputFormat.JSON);
            assertThat(errors).as(out).isEmpty();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return new ObjectMapper().readTree(out);
    }

    /** A failure is one sentence on standard error, without a stack trace, and nothing on standard output. */
    void failsWith(int expectedCode, String... parts) {
        assertThat(code).as(err).isEqualTo(expectedCode);
        assertThat(out).isEmpty();
        assertThat(err).startsWith("lab: ").doesNotContain("Exception", "\tat ");
        assertThat(err.lines().count()).as(err).isLessThanOrEqualTo(2);
        assertThat(err).contains(parts);
    }

    Lab succeeds() {
        assertThat(code).as(err).isZero();
        return this;
    }
}
