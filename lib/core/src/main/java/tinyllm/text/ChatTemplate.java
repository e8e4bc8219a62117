package tinyllm.text;

import java.util.List;
import java.util.Map;

/** CONTRACT STUB. The checkpoint's own Jinja template. */
public interface ChatTemplate {
    /**
     * @param messages each a map with "role", "content", and what the template reads besides (tool_calls, …)
     * @param tools JSON-like maps, empty for none
     */
    TemplateText render(
            List<Map<String, Object>> messages, List<Map<String, Object>> tools, boolean addGenerationPrompt);
}
