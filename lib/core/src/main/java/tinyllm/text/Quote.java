package tinyllm.text;

/** Text from a file inside an error message: quoted, cut, without control characters. */
final class Quote {
    private static final int LONGEST = 60;

    private Quote() {}

    static String of(String text) {
        String cut = text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
        return '"' + cut.replaceAll("\\p{Cntrl}", "\uFFFD") + '"';
    }
}
