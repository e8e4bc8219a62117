package tinyllm.sampling.json;

import tinyllm.sampling.grammar.WorkBudget;
import tools.jackson.databind.JsonNode;

/**
 * What the schemas of one request may take together: steps to read them, and characters of names, constants and patterns, of which each
 * becomes some hundred bytes of memory. Counted, not timed. For one thread at a time.
 */
public final class SchemaBudget {

    /** About a second. A usual schema takes a thousandth of it. */
    private static final long STEPS = 50_000_000;

    /** Near what others allow: OpenAI 120,000. */
    private static final int CHARACTERS = 1 << 17;

    private final WorkBudget steps =
            new WorkBudget(STEPS, "to read it takes too long: it combines too many schemas with each other");
    private final WorkBudget characters = new WorkBudget(
            CHARACTERS,
            "its names, constants and patterns have more than " + CHARACTERS
                    + " bytes together: list fewer or shorter values");

    void step(long count) {
        steps.spend(count);
    }

    void characters(long count) {
        characters.spend(count);
    }

    /** Looks at two nodes to their ends. */
    void compare(JsonNode left, JsonNode right) {
        step(weight(left) + weight(right));
    }

    /** How many steps it takes to look at a node to its end. */
    static long weight(JsonNode node) {
        long all = node.isString() ? 1 + node.stringValue().length() / 16 : 1;
        for (JsonNode child : node) {
            all += weight(child);
        }
        return all;
    }
}
