package tinyllm.kernel.host;

/**
 * How a run is done.
 *
 * @param seconds the processor time after which a run is stopped as endless
 * @param trace how many accesses of the first threadgroup are kept one by one, for the picture of who touches what
 * @param repeats 0: one run with every detector; more: that many timed runs at full speed, without detectors and counts
 * @param remembered whether the same program on the same bytes may get the result of its last run: a check compares a wrong kernel
 *     with every known mistake, and runs those again and again
 */
public record HostOptions(double seconds, int trace, int repeats, boolean remembered) {
    public static final HostOptions DEFAULT = new HostOptions(20, 0, 0, false);

    public HostOptions {
        if (!(seconds > 0 && seconds <= 3600) || trace < 0 || repeats < 0) {
            throw new IllegalArgumentException("A run takes 0 to 3600 seconds, and trace and repeats are not negative: "
                    + seconds + ", " + trace + ", " + repeats);
        }
    }

    public HostOptions seconds(double limit) {
        return new HostOptions(limit, trace, repeats, remembered);
    }

    public HostOptions trace(int accesses) {
        return new HostOptions(seconds, accesses, repeats, remembered);
    }

    public HostOptions repeats(int runs) {
        return new HostOptions(seconds, trace, runs, remembered);
    }

    public HostOptions remembered(boolean results) {
        return new HostOptions(seconds, trace, repeats, results);
    }
}
