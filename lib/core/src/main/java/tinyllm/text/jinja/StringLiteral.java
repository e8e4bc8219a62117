package tinyllm.text.jinja;

/** The escapes of a string literal, which are Python's. */
final class StringLiteral {
    private StringLiteral() {}

    static String unescape(String body) {
        if (body.indexOf('\\') < 0) {
            return body;
        }
        StringBuilder out = new StringBuilder(body.length());
        int i = 0;
        while (i < body.length()) {
            char c = body.charAt(i);
            if (c != '\\' || i + 1 == body.length()) {
                out.append(c);
                i++;
            } else {
                i = escape(body, i + 1, out);
            }
        }
        return out.toString();
    }

    /** @return the index behind the escape whose letter is at {@code i} */
    private static int escape(String body, int i, StringBuilder out) {
        char c = body.charAt(i);
        switch (c) {
            case '\n' -> {}
            case '\\', '\'', '"' -> out.append(c);
            case 'n' -> out.append('\n');
            case 't' -> out.append('\t');
            case 'r' -> out.append('\r');
            case 'a' -> out.append('\u0007');
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'v' -> out.append('\u000B');
            case 'x' -> {
                return number(body, i + 1, 2, 16, out);
            }
            case 'u' -> {
                return number(body, i + 1, 4, 16, out);
            }
            case 'U' -> {
                return number(body, i + 1, 8, 16, out);
            }
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                int end = i;
                while (end < body.length() && end < i + 3 && body.charAt(end) >= '0' && body.charAt(end) <= '7') {
                    end++;
                }
                return number(body, i, end - i, 8, out);
            }
            default -> out.append('\\').append(c);
        }
        return i + 1;
    }

    private static int number(String body, int from, int digits, int radix, StringBuilder out) {
        int to = from + digits;
        try {
            out.appendCodePoint(Integer.parseInt(body.substring(from, to), radix));
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new TemplateException("A string in the chat template holds a broken escape: \\"
                    + body.substring(from - 1, Math.min(to, body.length())));
        }
        return to;
    }
}
