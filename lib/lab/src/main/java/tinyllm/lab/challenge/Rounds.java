package tinyllm.lab.challenge;

import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * Interleaved timing: in each round every way runs once, in turn, so that a slow moment of the machine hits all alike. A way that takes
 * less than a few milliseconds runs several times in a row in its turn.
 */
final class Rounds {

    private static final double TURN_MS = 3;
    private static final int MOST_IN_A_ROW = 1_000;

    private Rounds() {}

    static void run(List<Runner> runners, boolean quick) {
        double warmMs = quick ? 150 : 500;
        int rounds = quick ? 5 : 9;
        int[] inARow = runners.stream().mapToInt(runner -> warm(runner, warmMs)).toArray();
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < inARow.length; i++) {
                poll();
                runners.get(i).took(runners.get(i).ms(inARow[i]));
            }
        }
    }

    /** Until the compiler has seen the loops; gives how many runs fill a turn. */
    private static int warm(Runner runner, double least) {
        long end = System.nanoTime() + (long) (least * 1e6);
        double fastest = Double.POSITIVE_INFINITY;
        do {
            poll();
            fastest = Math.min(fastest, runner.ms(1));
        } while (System.nanoTime() < end);
        return (int) Math.clamp(TURN_MS / Math.max(fastest, 1e-6), 1, MOST_IN_A_ROW);
    }

    private static void poll() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the challenge was interrupted");
        }
    }
}
