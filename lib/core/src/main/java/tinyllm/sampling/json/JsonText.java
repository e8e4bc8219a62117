package tinyllm.sampling.json;

import java.util.ArrayList;
import java.util.List;
import tinyllm.sampling.grammar.ByteSet;
import tinyllm.sampling.grammar.CodePoints;
import tinyllm.sampling.grammar.Expr;
import tinyllm.sampling.grammar.Utf8;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How JSON writes things (RFC 8259): characters of a string, blanks, literals. */
final class JsonText {

    private static final JsonMapper MAPPER = new JsonMapper();

    static final Expr QUOTE = Expr.text("\"");
    static final Expr DIGIT = Expr.range('0', '9');
    private static final Expr HEX =
            new Expr.Bytes(ByteSet.range('0', '9').or(ByteSet.range('a', 'f')).or(ByteSet.range('A', 'F')));

    /** Characters that stand for themselves. */
    private static final CodePoints PLAIN = CodePoints.of(0x20, Character.MAX_CODE_POINT)
            .and(CodePoints.of('"', '"').not())
            .and(CodePoints.of('\\', '\\').not());

    /** One character of a string that stands for itself. */
    static final Expr PLAIN_CHARACTER = Utf8.of(PLAIN);

    /** One character of a string, in any form but half of a surrogate pair. */
    static final Expr CHARACTER = Expr.choice(PLAIN_CHARACTER, Expr.seq(Expr.text("\\"), escaped()));

    /** Nothing or one blank. */
    static final Expr BLANK = Expr.optional(Expr.text(" "));

    /** Nothing, one blank, or a new line with its indentation; never more, since a model that starts on blanks may not stop. */
    static final Expr SPACE = Expr.choice(
            Expr.EMPTY,
            Expr.text(" "),
            Expr.seq(
                    Expr.text("\n"),
                    new Expr.Repeat(new Expr.Bytes(ByteSet.of(' ').or(ByteSet.of('\t'))), 0, 32)));

    private JsonText() {}

    private static Expr escaped() {
        Expr letter = Expr.choice("\"\\/bfnrt"
                .chars()
                .mapToObj(c -> (Expr) new Expr.Bytes(ByteSet.of(c)))
                .toList());
        Expr notD = new Expr.Bytes(ByteSet.range('0', '9')
                .or(ByteSet.range('a', 'c'))
                .or(ByteSet.range('A', 'C'))
                .or(ByteSet.range('e', 'f'))
                .or(ByteSet.range('E', 'F')));
        Expr low = Expr.seq(notD, HEX, HEX, HEX);
        Expr d = Expr.seq(Expr.choice(Expr.text("d"), Expr.text("D")), Expr.range('0', '7'), HEX, HEX);
        return Expr.choice(letter, Expr.seq(Expr.text("u"), Expr.choice(low, d)));
    }

    /** One character of a set inside a string, in its shortest form. */
    static Expr character(CodePoints set) {
        List<Expr> all = new ArrayList<>();
        CodePoints plain = set.and(PLAIN);
        if (!plain.ranges().isEmpty()) {
            all.add(Utf8.of(plain));
        }
        for (CodePoints.Range range : set.and(PLAIN.not()).ranges()) {
            for (int c = range.low(); c <= range.high(); c++) {
                String quoted = literal(MAPPER.getNodeFactory().stringNode(Character.toString(c)));
                all.add(Expr.text(quoted.substring(1, quoted.length() - 1)));
            }
        }
        return Expr.choice(all);
    }

    /** A string around its content. */
    static Expr quoted(Expr content) {
        return Expr.seq(QUOTE, content, QUOTE);
    }

    /** A value as it is written without blanks. */
    static String literal(JsonNode value) {
        return MAPPER.writeValueAsString(value);
    }

    static String literal(String text) {
        return MAPPER.writeValueAsString(text);
    }
}
