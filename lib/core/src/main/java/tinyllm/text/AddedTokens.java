package tinyllm.text;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds added tokens in a text: leftmost first, the longest among those that begin at one place. */
final class AddedTokens {
    private final Map<Character, List<AddedToken>> byFirstChar = new HashMap<>();

    AddedTokens(List<AddedToken> tokens) {
        for (AddedToken token : tokens) {
            if (token.text().isEmpty()) {
                throw new TokenizerException("The added token with the id " + token.id() + " has no text.");
            }
            byFirstChar
                    .computeIfAbsent(token.text().charAt(0), c -> new ArrayList<>())
                    .add(token);
        }
        Comparator<AddedToken> longestFirst =
                Comparator.comparingInt(t -> -t.text().length());
        byFirstChar.values().forEach(list -> list.sort(longestFirst));
    }

    /** Receives the stretches of plain text and the tokens between them, from left to right. */
    interface Sink {
        void text(int from, int to);

        void token(int id);
    }

    /** @param data the characters that a user wrote: a special token that touches one of them is text */
    void split(String text, BitSet data, Sink sink) {
        int done = 0;
        for (int i = 0; i < text.length(); ) {
            AddedToken found = match(text, i, data);
            if (found == null) {
                i++;
                continue;
            }
            int from = found.lstrip() ? spacesBefore(text, i, done) : i;
            int end = i + found.text().length();
            i = found.rstrip() ? spacesAfter(text, end) : end;
            if (from > done) {
                sink.text(done, from);
            }
            sink.token(found.id());
            done = i;
        }
        if (done < text.length()) {
            sink.text(done, text.length());
        }
    }

    private @Nullable AddedToken match(String text, int at, BitSet data) {
        List<AddedToken> candidates = byFirstChar.get(text.charAt(at));
        if (candidates == null) {
            return null;
        }
        for (AddedToken token : candidates) {
            if (text.startsWith(token.text(), at) && !(token.special() && touches(data, at, token))) {
                return token;
            }
        }
        return null;
    }

    private static boolean touches(BitSet data, int at, AddedToken token) {
        return !data.get(at, at + token.text().length()).isEmpty();
    }

    private static int spacesBefore(String text, int at, int stop) {
        int from = at;
        while (from > stop && CharClass.space(text.charAt(from - 1))) {
            from--;
        }
        return from;
    }

    private static int spacesAfter(String text, int at) {
        int to = at;
        while (to < text.length() && CharClass.space(text.charAt(to))) {
            to++;
        }
        return to;
    }
}
