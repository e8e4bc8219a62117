package tinyllm.cli;

/** The one setting for threads that compute. */
final class Threads {

    private Threads() {}

    /** Must be called before the first tensor is made. */
    static void use(int threads) {
        int most = 4 * Runtime.getRuntime().availableProcessors();
        if (threads < 1 || threads > most) {
            throw CommandException.wrongUsage("--threads must be in 1…" + most + " on this machine, but is " + threads);
        }
        System.setProperty("org.bytedeco.mlx.threads", Integer.toString(threads));
    }
}
