package tinyllm.engine;

/**
 * What a scheduler may do in one step.
 *
 * @param order who is admitted first
 * @param maxRunning requests that may run at once, 1 or more: the batch size
 * @param stepTokens tokens that may pass through the model in one step, decode rows and prefill together; at least maxRunning
 * @param chunkTokens of these, prefill tokens at most while a request is decoding, 1 or more: what a long prompt may delay the others by
 * @param sparePages pages that an admission leaves free while others run, so that their growth does not preempt it at once
 */
public record SchedulerPolicy(QueueOrder order, int maxRunning, int stepTokens, int chunkTokens, int sparePages) {

    public SchedulerPolicy {
        if (maxRunning < 1) {
            throw new IllegalArgumentException("at least 1 request must be allowed to run, not " + maxRunning);
        }
        if (stepTokens < maxRunning) {
            throw new IllegalArgumentException("a step must have room for one token of each of the " + maxRunning
                    + " requests that may run, but has room for " + stepTokens);
        }
        if (chunkTokens < 1) {
            throw new IllegalArgumentException("a chunk of a prompt must be 1 token or more, not " + chunkTokens);
        }
        if (sparePages < 0) {
            throw new IllegalArgumentException("sparePages must be 0 or more, but is " + sparePages);
        }
    }

    /** 16 requests at once, first come first served, prompts in chunks of 128 tokens beside decoding ones and of 512 alone. */
    public static SchedulerPolicy standard() {
        return new SchedulerPolicy(QueueOrder.firstComeFirstServed(), 16, 512, 128, 1);
    }

    public SchedulerPolicy withOrder(QueueOrder other) {
        return new SchedulerPolicy(other, maxRunning, stepTokens, chunkTokens, sparePages);
    }

    /** The same for so many requests at once; a step's budget grows where it would be too small. */
    public SchedulerPolicy withMaxRunning(int requests) {
        return new SchedulerPolicy(order, requests, Math.max(stepTokens, requests), chunkTokens, sparePages);
    }

    public SchedulerPolicy withStepTokens(int tokens) {
        return new SchedulerPolicy(order, maxRunning, tokens, chunkTokens, sparePages);
    }

    public SchedulerPolicy withChunkTokens(int tokens) {
        return new SchedulerPolicy(order, maxRunning, stepTokens, tokens, sparePages);
    }

    public SchedulerPolicy withSparePages(int pages) {
        return new SchedulerPolicy(order, maxRunning, stepTokens, chunkTokens, pages);
    }
}
