package tinyllm.text;

/** Fills a {@link MergeTable} from the rules of a file and refuses the ones that make no sense. */
final class MergeReader {
    private final Vocabulary vocabulary;
    private final MergeTable table;
    private int rank;

    MergeReader(Vocabulary vocabulary, int rules) {
        if (rules > Vocabulary.MAX_TOKENS) {
            throw new TokenizerException("The tokenizer lists " + rules + " merges; " + Vocabulary.MAX_TOKENS
                    + " are the most that are read.");
        }
        this.vocabulary = vocabulary;
        this.table = new MergeTable(rules);
    }

    /** A rule as one string, "left right". */
    void add(String rule) {
        int space = rule.indexOf(' ');
        if (space <= 0 || space == rule.length() - 1 || rule.indexOf(' ', space + 1) >= 0) {
            throw new TokenizerException(
                    "Merge " + rank + " is " + Quote.of(rule) + ", not two tokens with one space between them.");
        }
        add(rule.substring(0, space), rule.substring(space + 1));
    }

    void add(String left, String right) {
        int result = id(left + right, "makes");
        if (!table.add(id(left, "joins"), id(right, "joins"), rank, result)) {
            throw new TokenizerException("Merge " + rank + " of " + Quote.of(left) + " and " + Quote.of(right)
                    + " stands twice in the list. The tokenizer's file is damaged.");
        }
        rank++;
    }

    MergeTable table() {
        return table;
    }

    private int id(String token, String verb) {
        Integer id = vocabulary.idOf(token);
        if (id == null) {
            throw new TokenizerException("Merge " + rank + " " + verb + " " + Quote.of(token)
                    + ", which is not in the vocabulary. The tokenizer's file is damaged.");
        }
        return id;
    }
}
