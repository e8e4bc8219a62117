package tinyllm.lab.view;

/**
 * A piece of HTML with its plain-text form. Shown as HTML when it is the last expression of a cell.
 *
 * @param html markup whose foreign parts went through {@link #escape}
 * @param text the same in plain text
 */
public record Html(String html, String text) implements Rich {

    private static final String LEFT_TO_RIGHT_ISOLATE = "\u2068";
    private static final String POP_ISOLATE = "\u2069";

    /** Text as it stands, escaped. */
    public static Html of(String text) {
        return new Html("<p>" + escape(text) + "</p>", text);
    }

    /**
     * Makes foreign text safe inside an element or a quoted attribute: markup characters become entities, control
     * characters visible, and characters that turn the writing direction are shown by their code.
     */
    public static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                case '`' -> out.append("&#96;");
                default -> escapeOther(c, out);
            }
        }
        return out.toString();
    }

    private static void escapeOther(char c, StringBuilder out) {
        if (turnsDirection(c)) {
            out.append("[U+%04X]".formatted((int) c));
        } else if (c < 0x20 && c != '\n' && c != '\t') {
            out.append((char) (0x2400 + c));
        } else {
            out.append(c);
        }
    }

    /** Foreign text, escaped, whose right-to-left letters can't reorder what stands around it. */
    public static String isolate(String text) {
        return LEFT_TO_RIGHT_ISOLATE + escape(text) + POP_ISOLATE;
    }

    private static boolean turnsDirection(char c) {
        return c == '\u200e'
                || c == '\u200f'
                || c == '\u061c'
                || (c >= '\u202a' && c <= '\u202e')
                || (c >= '\u2066' && c <= '\u2069');
    }
}
