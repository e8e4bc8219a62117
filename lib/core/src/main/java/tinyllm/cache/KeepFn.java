package tinyllm.cache;

/** Exercise of chapter 4.1: what a cache with a budget keeps. */
@FunctionalInterface
public interface KeepFn {

    /**
     * Chooses among the tokens that one KV head holds.
     *
     * @param received for each of them, in order, how much attention it has received so far; 0 or more
     * @param sinks the first tokens, which always stay
     * @param heavy of those between the first and the last, how many stay: the ones that received most, of equal ones the later
     * @param recent the last tokens, which always stay; 1 or more
     * @return their places in received, rising; all of them when there are no more than sinks + heavy + recent
     */
    int[] keep(double[] received, int sinks, int heavy, int recent);
}
