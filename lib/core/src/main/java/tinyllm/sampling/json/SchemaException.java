package tinyllm.sampling.json;

/** A schema that can't be used; the message names the keyword and the place, and says what would work. */
public final class SchemaException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final String pointer;

    SchemaException(String pointer, String message) {
        super((pointer.isEmpty() ? "the schema" : "the schema at " + pointer) + ": " + message);
        this.pointer = pointer;
    }

    /** Where in the schema, as a JSON Pointer; empty for the whole. */
    public String pointer() {
        return pointer;
    }
}
