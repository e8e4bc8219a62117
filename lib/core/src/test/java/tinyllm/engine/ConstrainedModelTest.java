package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.cache.PageBudget;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.sampling.JsonConstraint;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.sampling.json.JsonSchema;
import tinyllm.sampling.json.JsonSchemaTest;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real model, with a real vocabulary, asked in words and held to schemas of many shapes: what it writes ends, and an independent
 * library takes it. Every tenth schema with the small model; all of them, greedily and drawn hot, with -Dtinyllm.long=true and the
 * larger one.
 */
@Tag("slow")
class ConstrainedModelTest {

    private static final boolean LONG = Boolean.getBoolean("tinyllm.long");
    private static final int EACH = 10;
    private static final int MOST = LONG ? 160 : 64;
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private static List<String> schemas() throws IOException {
        List<String> all = JsonSchemaTest.schemas().toList();
        assertThat(all).hasSizeGreaterThanOrEqualTo(60);
        return LONG
                ? all
                : IntStream.range(0, all.size())
                        .filter(i -> i % EACH == 0)
                        .mapToObj(all::get)
                        .toList();
    }

    @Test
    void whatARealModelWritesValidates() throws IOException {
        String name = LONG ? "qwen2.5-coder-0.5b" : "smollm2-135m";
        assumeTrue(
                ModelFiles.find(ModelRegistry.standard().get(name)) != null,
                name + " is not on this machine: ./lab models fetch " + name);
        CausalLm model = Models.load(name, KernelSet.OWN, LoadListener.NONE);
        TokenTrie trie = TokenTrie.of(model.tokenizer());
        Map<RequestHandle, String> asked = new LinkedHashMap<>();
        try (Engine engine = Engine.manual(
                model,
                EngineOptions.standard()
                        .with(PageBudget.tokens(8192))
                        .with(SchedulerPolicy.standard().withMaxRunning(16)))) {
            for (String schema : schemas()) {
                JsonConstraint.Ready ready =
                        new JsonConstraint.Ready(JsonSchema.compile(schema), trie, model.tokenizer());
                EngineRequest request = EngineRequest.user("Write a JSON value for this schema: " + schema)
                        .maxTokens(MOST)
                        .constrained(ready::start);
                asked.put(engine.submit(request), schema);
                asked.put(
                        engine.submit(request.sampling(new SamplingParams(1.5, 0, 1, 0, 1, schema.length()))), schema);
            }
            engine.steps();
        }
        asked.forEach((handle, schema) -> {
            Completion done = Objects.requireNonNull(handle.result());
            var errors = REGISTRY.getSchema(schema)
                    .validate(
                            MAPPER.readTree(done.text()),
                            run -> run.executionConfig(config -> config.formatAssertionsEnabled(true)));
            assertThat(errors).as("%s under %s", done.text(), schema).isEmpty();
        });
    }
}
