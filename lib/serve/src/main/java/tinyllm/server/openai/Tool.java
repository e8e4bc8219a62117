package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A function that the model may call.
 *
 * @param parameters a JSON Schema of its arguments
 * @param strict whether a schema that can't be held to is refused, instead of any object being taken
 */
record Tool(String name, @Nullable String description, ObjectNode parameters, boolean strict) {
    static final int MAX_TOOLS = 128;

    /** The field {@code tools} of a chat: each function in an object of its own. */
    static List<Tool> nested(Fields in) {
        List<Tool> all = new ArrayList<>();
        for (Fields entry : in.objects("tools", MAX_TOOLS)) {
            entry.requiredText("type");
            entry.word("type", "function");
            Fields function = entry.object("function");
            if (function == null) {
                throw HttpException.field(entry.at("function"), entry.at("function") + " is missing");
            }
            all.add(read(function));
            entry.end();
        }
        return distinct(all);
    }

    /** The same of {@code /v1/responses}: flat. */
    static List<Tool> flat(Fields in) {
        List<Tool> all = new ArrayList<>();
        for (Fields entry : in.objects("tools", MAX_TOOLS)) {
            String type = entry.requiredText("type");
            if (!type.equals("function")) {
                throw Fields.unsupportedField(
                        entry.at("type"), entry.at("type") + " must be function: this server runs no tools of its own");
            }
            all.add(read(entry));
        }
        return distinct(all);
    }

    private static Tool read(Fields in) {
        String name = in.requiredText("name");
        if (!name.matches("[A-Za-z0-9_.-]{1,64}")) {
            throw in.wrong("name", "1 to 64 letters, digits, _, - or .");
        }
        Fields parameters = in.object("parameters");
        ObjectNode schema = parameters == null ? JsonNodeFactory.instance.objectNode() : parameters.node();
        Tool tool = new Tool(name, in.text("description"), schema, in.flag("strict", false));
        in.end();
        return tool;
    }

    private static List<Tool> distinct(List<Tool> all) {
        Set<String> names = new HashSet<>();
        for (Tool tool : all) {
            if (!names.add(tool.name)) {
                throw HttpException.field("tools", "tools holds two functions with the name " + tool.name);
            }
        }
        return all;
    }

    /** As a template shows it to the model. */
    Map<String, Object> asMap() {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name);
        if (description != null) {
            function.put("description", description);
        }
        function.put("parameters", Messages.value(parameters));
        Map<String, Object> tool = new LinkedHashMap<>();
        tool.put("type", "function");
        tool.put("function", function);
        return tool;
    }

    /**
     * Which of the tools a model may call, and whether it must.
     *
     * @param tools none when it may call nothing
     * @param parallel whether it may call more than once
     */
    record Use(List<Tool> tools, boolean must, boolean parallel) {

        /** The fields tool_choice and parallel_tool_calls. */
        static Use read(Fields in, List<Tool> tools) {
            boolean parallel = in.flag("parallel_tool_calls", true);
            JsonNode choice = in.any("tool_choice");
            if (choice == null) {
                return new Use(tools, false, parallel);
            }
            if (choice.isString()) {
                return switch (choice.stringValue()) {
                    case "none" -> new Use(List.of(), false, parallel);
                    case "auto" -> new Use(tools, false, parallel);
                    case "required" -> new Use(some(tools), true, parallel);
                    default -> throw in.wrong("tool_choice", "none, auto, required or an object that names a function");
                };
            }
            Fields object = Fields.of(choice, "tool_choice");
            object.word("type", "function");
            object.requiredText("type");
            Fields function = object.object("function");
            String name = (function == null ? object : function).requiredText("name");
            if (function != null) {
                function.end();
            }
            object.end();
            List<Tool> named =
                    tools.stream().filter(tool -> tool.name.equals(name)).toList();
            if (named.isEmpty()) {
                throw HttpException.field(
                        "tool_choice",
                        "tool_choice names the function \"" + Fields.shortened(name, 64) + "\", which is not in tools");
            }
            return new Use(named, true, false);
        }

        private static List<Tool> some(List<Tool> tools) {
            if (tools.isEmpty()) {
                throw HttpException.field("tool_choice", "tool_choice is required, but tools is empty");
            }
            return tools;
        }
    }
}
