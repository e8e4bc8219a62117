package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Items open and close in order, and what they hold adds up. */
class ResponsesTest {
    private static final Tiny TINY = new Tiny();
    private static final String TOOL =
            "'tools':[{'type':'function','name':'add','parameters':{'type':'object','properties':"
                    + "{'a':{'type':'integer'}},'required':['a']},'strict':true}],'tool_choice':'required','parallel_tool_calls':false";

    @AfterAll
    static void close() {
        TINY.close();
    }

    private static List<String> types(List<ObjectNode> events) {
        return events.stream().map(event -> event.get("type").stringValue()).toList();
    }

    private static String deltas(List<ObjectNode> events) {
        StringBuilder text = new StringBuilder();
        events.forEach(event -> text.append(event.at("/delta").asString("")));
        return text.toString();
    }

    @Test
    void aMessage() {
        Tiny.Answer answer = Tiny.answer(
                TINY.responses(
                        "{'model':'tiny','instructions':'Be short.','input':'Hello','seed':4,'max_output_tokens':20,'stream':true}"));
        List<ObjectNode> events = answer.events();
        for (int i = 0; i < events.size(); i++) {
            assertThat(events.get(i).get("sequence_number").intValue()).isEqualTo(i);
        }
        List<String> types = types(events);
        assertThat(types)
                .startsWith(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta");
        assertThat(types.subList(types.size() - 4, types.size()))
                .startsWith("response.output_text.done", "response.content_part.done", "response.output_item.done");
        JsonNode response = events.getLast().get("response");
        assertThat(response).isEqualTo(answer.whole());
        String text = response.at("/output/0/content/0/text").stringValue();
        assertThat(deltas(events)).isEqualTo(text);
        boolean cut = response.at("/usage/output_tokens").intValue() == 20;
        assertThat(response.get("status").stringValue()).isEqualTo(cut ? "incomplete" : "completed");
        assertThat(types.getLast()).isEqualTo("response." + (cut ? "incomplete" : "completed"));
    }

    @Test
    void aCallAndItsOutcome() {
        Tiny.Answer answer = Tiny.answer(TINY.responses(
                "{'model':'tiny','input':[{'role':'user','content':[{'type':'input_text','text':'1+1'}]}],'stream':true,"
                        + "'max_output_tokens':200,'seed':1," + TOOL + "}"));
        JsonNode call = answer.whole().at("/output/0");
        assertThat(call.get("type").stringValue()).isEqualTo("function_call");
        assertThat(call.get("name").stringValue()).isEqualTo("add");
        assertThat(deltas(answer.events())).isEqualTo(call.get("arguments").stringValue());
        assertThat(Tiny.MAPPER
                        .readTree(call.get("arguments").stringValue())
                        .get("a")
                        .isIntegralNumber())
                .isTrue();
        assertThat(types(answer.events())).contains("response.function_call_arguments.done");
        ObjectNode next = Tiny.json("{'model':'tiny','max_output_tokens':5}");
        var input = next.putArray("input");
        input.addObject().put("role", "user").put("content", "1+1");
        input.add(call);
        input.addObject()
                .put("type", "function_call_output")
                .put("call_id", call.get("call_id").stringValue())
                .put("output", "2");
        Tiny.Answer second = Tiny.answer(ResponsesRequest.read(next, TINY.models));
        assertThat(second.whole().at("/output/0/type").stringValue()).isEqualTo("message");
    }

    /** A client may send null for what it leaves out, and gets a list and objects back, as its own types ask. */
    @Test
    void whatIsNullIsAbsent() {
        String fields = "{'model':'tiny','input':'x','max_output_tokens':1";
        ObjectNode nulls = Tiny.answer(TINY.responses(fields
                        + ",'tools':null,'text':null,'metadata':null,'tool_choice':null,'parallel_tool_calls':null}"))
                .whole();
        ObjectNode absent = Tiny.answer(TINY.responses(fields + "}")).whole();
        for (String name : List.of("tools", "text", "metadata", "tool_choice", "parallel_tool_calls", "instructions")) {
            assertThat(nulls.get(name)).as(name).isEqualTo(absent.get(name));
        }
        assertThat(nulls.get("tools").isArray()).isTrue();
        assertThat(nulls.get("metadata").isObject()).isTrue();
        assertThat(nulls.at("/text/format/type").stringValue()).isEqualTo("text");
    }

    @Test
    void aFormat() {
        Tiny.Answer answer =
                Tiny.answer(TINY.responses("{'model':'tiny','input':'x','max_output_tokens':80,'text':{'format':"
                        + "{'type':'json_schema','name':'x','schema':{'enum':['red','green']}}}}"));
        assertThat(answer.whole().at("/output/0/content/0/text").stringValue()).isIn("\"red\"", "\"green\"");
    }
}
