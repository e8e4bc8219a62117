package tinyllm.text.jinja;

/** A template is wrong, asks for what is not built, refuses the conversation, or needs more work than the budget allows. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TemplateException(String message) {
        super(message);
    }

    /** The same error with the template's line in front, for a reader who has the template at hand. */
    static TemplateException at(int line, String message) {
        return new TemplateException("Chat template, line " + line + ": " + message);
    }
}
