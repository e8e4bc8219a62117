package tinyllm.engine;

import java.util.List;
import java.util.Objects;

/**
 * Who holds the pages at a moment.
 *
 * @param used held by requests that run, each page counted once
 * @param shared of these, held by two or more
 * @param idle kept for texts to come, and held by nobody
 * @param free empty
 */
record PageCount(int used, int shared, int idle, int free) {

    /** Counts, and tells each sequence how many of its pages others hold too. */
    static PageCount of(EngineModel model, List<SequenceState> running) {
        int taken = model.pool().used();
        int free = model.pool().free();
        if (!model.shares()) {
            return new PageCount(taken, 0, 0, free);
        }
        byte[] holders = new byte[model.pool().size()];
        int used = 0;
        int shared = 0;
        for (SequenceState sequence : running) {
            for (int page : pages(model, sequence)) {
                int before = holders[page];
                holders[page] = (byte) Math.min(2, before + 1);
                used += before == 0 ? 1 : 0;
                shared += before == 1 ? 1 : 0;
            }
        }
        for (SequenceState sequence : running) {
            int others = 0;
            for (int page : pages(model, sequence)) {
                others += holders[page] > 1 ? 1 : 0;
            }
            sequence.sharedPages = others;
        }
        return new PageCount(used, shared, taken - used, free);
    }

    /** Who holds each page: a request's id, {@link PageOwner#FREE}, {@link PageOwner#KEPT} or {@link PageOwner#SHARED}. */
    static long[] owners(EngineModel model, List<SequenceState> running) {
        long[] owners = new long[model.pool().size()];
        for (int page = 0; page < owners.length; page++) {
            owners[page] = model.pool().references(page) == 0 ? PageOwner.FREE : PageOwner.KEPT;
        }
        for (SequenceState sequence : running) {
            for (int page : pages(model, sequence)) {
                owners[page] = owners[page] == PageOwner.KEPT ? sequence.id : PageOwner.SHARED;
            }
        }
        return owners;
    }

    private static int[] pages(EngineModel model, SequenceState sequence) {
        return model.pages(Objects.requireNonNull(((ActiveRequest) sequence).cache));
    }

    /** Pages that a step may take: idle ones make room. */
    int available() {
        return free + idle;
    }

    StepReport.Pages report() {
        return new StepReport.Pages(used, shared, idle, free);
    }
}
