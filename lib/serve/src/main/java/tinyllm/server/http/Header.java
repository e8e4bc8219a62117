package tinyllm.server.http;

/**
 * One line of a header.
 *
 * @param name a token of RFC 9110: letters, digits and a few signs
 * @param value visible characters of Latin-1, blanks and tabs
 */
public record Header(String name, String value) {

    /** @throws IllegalArgumentException when it could end the line, or the header: nobody's text becomes a header of its own */
    public Header {
        if (name.isEmpty() || !name.chars().allMatch(Header::ofName)) {
            throw new IllegalArgumentException("a header's name has letters, digits and !#$%&'*+-.^_`|~, but this one "
                    + name.length() + " characters of which some are others");
        }
        if (!value.chars().allMatch(Header::ofValue)) {
            throw new IllegalArgumentException("the value of the header " + name
                    + " has a control character, or one beyond Latin-1: neither can be sent");
        }
    }

    private static boolean ofName(int c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }

    private static boolean ofValue(int c) {
        return c >= ' ' && c < 127 || c == '\t' || c >= 160 && c <= 255;
    }
}
