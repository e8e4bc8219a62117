package tinyllm.sampling;

/** A random number that depends on (seed, n) alone: SplitMix64's output function (Steele et al. 2014) applied to both. */
final class CounterRandom {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private CounterRandom() {}

    /** In [0, 1), 53 bits. */
    static double uniform(long seed, long n) {
        long bits = mix(mix(seed + GOLDEN) ^ (n * GOLDEN));
        return (bits >>> 11) * 0x1.0p-53;
    }

    private static long mix(long z) {
        long x = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
        return x ^ (x >>> 31);
    }
}
