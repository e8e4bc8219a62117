package tinyllm.lab;

import java.util.Arrays;
import java.util.List;
import tinyllm.text.Tokenizer;

/**
 * Prompts as a service gets them: one system prompt for all, and behind it what each user asks.
 *
 * @param system what all begin with
 * @param users one for each request
 */
public record Questions(String system, List<String> users) {

    private static final String RULES = """
            You are the assistant of a small library in a harbour town. You help readers to find books, to renew what they have borrowed, and to
            understand the rules of the house. Answer in the language of the question, in at most four sentences, and in a friendly tone that does
            not flatter. When you do not know something, say so, and name the desk that does.
            Rules of the house. A reader may borrow up to twelve books for four weeks, and films and games for one week. A loan can be renewed
            twice, unless somebody else has asked for the book. Whoever returns a book late pays twenty cents for each day, at most five euros for
            each book; children under twelve pay nothing. A lost book is replaced by the reader, or its price is paid. Maps and newspapers are read
            in the house. The reading room on the second floor is a place of silence, telephones are switched off there.
            Opening hours. Monday is closed. Tuesday to Friday the doors are open from ten to seven, on Saturday from ten to four. From June to
            August the library closes at five. The machine at the entrance takes books back by day and by night.
            Rooms. On the ground floor are the desk, the novels, the films and the corner of the children. On the first floor stand travel, history,
            science, music and the books in other languages. On the second floor are the reading room, the newspapers, the archive of the town and
            four computers, which may be used for an hour each. A lift goes to all floors.
            What you never do: you never tell one reader what another has borrowed, you never give legal or medical advice, and you never promise a
            book before the desk has confirmed it. What you always do: you name the floor and the shelf of a book, you say until when a loan lasts,
            and you offer to put a reader on the list when a book is out. Prices are in euros, times in the local time of the town.
            """;

    private static final List<String> ASKED = List.of(
            "Where do I find books about sailing?",
            "Can I renew my novel a third time?",
            "My daughter has lost a picture book. What now?",
            "Are you open on Monday evening?",
            "How long may I use a computer?",
            "I owe you for nine days. How much is that?",
            "May I take yesterday's newspaper home?",
            "Is there a quiet place to work?");

    public Questions {
        users = List.copyOf(users);
        if (system.isBlank() || users.isEmpty()) {
            throw new IllegalArgumentException("a system prompt and at least one question are needed");
        }
    }

    /** The desk of a library: the same at every call. */
    public static Questions library(int count) {
        if (count < 1) {
            throw new IllegalArgumentException(count + " questions can't be asked; 1 or more can");
        }
        return new Questions(
                RULES,
                java.util.stream.IntStream.range(0, count)
                        .mapToObj(i -> ASKED.get(i % ASKED.size()))
                        .toList());
    }

    public int size() {
        return users.size();
    }

    /** A request's prompt; its first so many tokens are the system prompt's, which is repeated where it is shorter. */
    int[] prompt(Tokenizer tokenizer, int systemTokens, int request) {
        int[] once = tokenizer.encode(system);
        int[] user = tokenizer.encode("\nQuestion: " + users.get(request) + "\nAnswer:");
        int[] all = Arrays.copyOf(once, systemTokens + user.length);
        for (int i = once.length; i < systemTokens; i++) {
            all[i] = once[i % once.length];
        }
        System.arraycopy(user, 0, all, systemTokens, user.length);
        return all;
    }
}
