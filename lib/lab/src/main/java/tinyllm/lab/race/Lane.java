package tinyllm.lab.race;

import java.util.Arrays;
import java.util.List;

/**
 * One racer's run, as it was: who, which text came when, and how it ended.
 *
 * @param events in the order of their times
 * @param tokens of each answer; empty while the racer still runs
 * @param seconds from start to the last token; how long it has run so far while it still runs
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares runs
record Lane(String name, List<Event> events, int[] tokens, double seconds) {

    /** A piece of text of one answer, in seconds after the start. */
    record Event(double seconds, int prompt, String piece) {}

    Lane {
        events = List.copyOf(events);
    }

    static Lane waiting(String name) {
        return new Lane(name, List.of(), new int[0], 0);
    }

    boolean finished() {
        return tokens.length > 0;
    }

    /** An answer as far as it had come at that time. */
    String text(int prompt, double at) {
        StringBuilder text = new StringBuilder();
        for (Event event : events) {
            if (event.prompt() == prompt && event.seconds() <= at) {
                text.append(event.piece());
            }
        }
        return text.toString();
    }

    /** Whether anything had come at that time. */
    boolean spoke(double at) {
        return !events.isEmpty() && events.getFirst().seconds() <= at;
    }

    /** How much of all text had come at that time, in 0…1. */
    double share(double at) {
        long came = events.stream().filter(event -> event.seconds() <= at).count();
        return events.isEmpty() ? 0 : came / (double) events.size();
    }

    /** The racer's own clock: it stops at the finish. */
    double clock(double at) {
        return finished() ? Math.min(at, seconds) : at;
    }

    /** Seconds to the first piece of text of any answer; NaN when none came. */
    double firstToken() {
        return events.isEmpty() ? Double.NaN : events.getFirst().seconds();
    }

    int allTokens() {
        return Arrays.stream(tokens).sum();
    }

    /** Tokens of all answers over the whole time, reading the prompts included. */
    double tokensPerSecond() {
        return seconds > 0 ? allTokens() / seconds : Double.NaN;
    }
}
