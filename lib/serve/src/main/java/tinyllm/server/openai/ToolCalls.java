package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes a text that is being written apart into prose and calls, as Qwen's template has models write them:
 *
 * <pre>{@code
 * <tool_call>
 * {"name": "weather", "arguments": {"city": "Oslo"}}
 * </tool_call>
 * }</pre>
 *
 * What is certain is handed on at once: prose up to where a call may begin, a call's name as soon as it is whole, its arguments as they
 * come. What looks like a call and is none comes out as prose. One for each text.
 */
final class ToolCalls {
    static final String OPEN = "<tool_call>";
    static final String NAME = "\n{\"name\": \"";
    static final String ARGUMENTS = "\", \"arguments\": ";
    static final String END = "</tool_call>";
    static final String CLOSE = "}\n" + END;

    private static final Pattern HEAD =
            Pattern.compile("\\s*\\{\\s*\"name\"\\s*:\\s*\"([^\"\\\\]+)\"\\s*,\\s*\"arguments\"\\s*:\\s*(?=\\S)");

    /** A piece of the answer. */
    sealed interface Piece {
        record Prose(String text) implements Piece {}

        /** @param call counted from 0 */
        record Begin(int call, String name) implements Piece {}

        record Arguments(int call, String json) implements Piece {}

        record End(int call) implements Piece {}
    }

    private enum Place {
        PROSE,
        HEAD,
        ARGUMENTS,
        TAIL
    }

    private final StringBuilder held = new StringBuilder();
    private Place place = Place.PROSE;
    private int calls;
    private boolean prose;
    private int depth;
    private boolean inString;
    private boolean escaped;

    /** What became certain with this piece of text. */
    List<Piece> push(String text) {
        held.append(text);
        List<Piece> out = new ArrayList<>();
        boolean moved = true;
        while (moved) {
            moved = switch (place) {
                case PROSE -> prose(out);
                case HEAD -> head(out);
                case ARGUMENTS -> arguments(out);
                case TAIL -> tail(out);
            };
        }
        return out;
    }

    /** What was held back. A call that was cut is closed as it is. */
    List<Piece> finish() {
        List<Piece> out = new ArrayList<>();
        switch (place) {
            case PROSE -> say(out, calls > 0 ? held.toString().stripTrailing() : held.toString());
            case HEAD -> say(out, OPEN + held);
            case ARGUMENTS, TAIL -> out.add(new Piece.End(calls++));
        }
        held.setLength(0);
        place = Place.PROSE;
        return out;
    }

    private void say(List<Piece> out, String text) {
        String words = prose || calls == 0 ? text : text.stripLeading(); // blanks between calls are no prose
        if (!words.isEmpty()) {
            prose = true;
            out.add(new Piece.Prose(words));
        }
    }

    private boolean prose(List<Piece> out) {
        int at = held.indexOf(OPEN);
        if (at >= 0) {
            say(out, held.substring(0, at).stripTrailing());
            held.delete(0, at + OPEN.length());
            place = Place.HEAD;
            return true;
        }
        int keep = 0;
        for (int n = Math.min(OPEN.length() - 1, held.length()); n > 0 && keep == 0; n--) {
            keep = OPEN.startsWith(held.substring(held.length() - n)) ? n : 0;
        }
        int end = held.length() - keep;
        while (end > 0 && Character.isWhitespace(held.charAt(end - 1))) {
            end--;
        }
        say(out, held.substring(0, end));
        held.delete(0, end);
        return false;
    }

    private boolean head(List<Piece> out) {
        Matcher head = HEAD.matcher(held);
        if (head.lookingAt()) {
            out.add(new Piece.Begin(calls, head.group(1)));
            held.delete(0, head.end());
            place = Place.ARGUMENTS;
            depth = 0;
            inString = false;
            escaped = false;
            return true;
        }
        int end = held.indexOf(END);
        if (end < 0) {
            return false;
        }
        say(out, OPEN + held.substring(0, end + END.length()));
        held.delete(0, end + END.length());
        place = Place.PROSE;
        return true;
    }

    private boolean arguments(List<Piece> out) {
        int end = 0;
        boolean whole = false;
        while (end < held.length() && !whole) {
            char c = held.charAt(end);
            if (depth == 0 && !inString && (c == '}' || c == ',')) { // behind a number or a word
                whole = true;
                break;
            }
            end++;
            whole = read(c);
        }
        if (end > 0) {
            out.add(new Piece.Arguments(calls, held.substring(0, end)));
            held.delete(0, end);
        }
        place = whole ? Place.TAIL : place;
        return whole;
    }

    /** Whether the value is whole with this character. */
    private boolean read(char c) {
        if (inString) {
            inString = escaped || c != '"';
            escaped = !escaped && c == '\\';
            return !inString && depth == 0;
        }
        switch (c) {
            case '"' -> inString = true;
            case '{', '[' -> depth++;
            case '}', ']' -> depth--;
            default -> {}
        }
        return (c == '}' || c == ']') && depth == 0;
    }

    private boolean tail(List<Piece> out) {
        int end = held.indexOf(END);
        if (end < 0) {
            return false;
        }
        held.delete(0, end + END.length());
        out.add(new Piece.End(calls++));
        place = Place.PROSE;
        return true;
    }
}
