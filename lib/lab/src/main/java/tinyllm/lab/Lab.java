package tinyllm.lab;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import tinyllm.engine.Generator;
import tinyllm.lab.check.TodoException;
import tinyllm.lab.exercises.Challenges;
import tinyllm.lab.progress.Progress;
import tinyllm.lab.progress.Progress.Prediction;
import tinyllm.lab.race.Race;
import tinyllm.lab.race.Racer;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Rich;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;

/**
 * What a notebook's cells call. Imported statically in every chapter; each method shows its result below the cell.
 */
public final class Lab {

    private static final Session SESSION = new Session(Workplace.current());
    private static final int CHAT_TOKENS = 48;
    private static final int QUICK_CHAT_TOKENS = 8;

    private Lab() {}

    /**
     * Checks an answer to an exercise and shows a table: correct, incorrect with the mistake named, not solved yet, crashed,
     * out of time, or cannot be checked.
     *
     * @param id such as {@code "1.1 attention"}
     * @param answer makes the learner's object: {@code MyAttention::new}
     * @throws IllegalArgumentException when there is no such exercise; the nearest are offered
     */
    public static void check(String id, Supplier<?> answer) {
        SESSION.check(id, answer);
    }

    /**
     * A chapter's last measurement: sets the naive, the learner's, this lab's and MLX's version of one kernel beside each other, by the
     * median time of interleaved runs or, for Metal kernels on the host run, by what they ask memory for. Correctness comes first: a
     * wrong kernel gets no place. The learner's best is kept.
     *
     * @param id such as {@code "2.2 matvec"}
     * @param answers make the learner's objects, one or several: {@code MyMatvec::new}; also sources in C++ or Metal
     * @throws IllegalArgumentException when there is no such challenge; the known ones are offered
     */
    public static void challenge(String id, Supplier<?>... answers) {
        SESSION.challenge(Challenges.get(id), List.of(answers));
    }

    /** Shows the exercise's next hint. */
    public static void hint(String id) {
        SESSION.hint(id);
    }

    /** Shows the solved cell of the exercise. */
    public static void solution(String id) {
        SESSION.solution(id);
    }

    /** Keeps a guess; what answers it shows it, too, in most charts as a dashed line. */
    public static void predict(String id, double guess, String unit) {
        SESSION.predict(id, guess, unit);
    }

    /** The same for a guess in quotes; {@code "?"}, as a chapter comes, asks for one and keeps nothing. */
    public static void predict(String id, String guess, String unit) {
        SESSION.predict(id, guess, unit);
    }

    /** The guess kept under this name. */
    public static Optional<Prediction> prediction(String id) {
        return SESSION.prediction(id);
    }

    /** Shows all exercises and how far each is. */
    public static void progress() {
        Session.show(SESSION.progressTable());
    }

    /** The learner's progress as it is on disk now. */
    static Progress currentProgress() {
        return SESSION.progress();
    }

    /** Stands in a stub for what is to be written. */
    @SuppressWarnings({"TypeParameterUnusedInFormals", "DoNotCallSuggester"
    }) // so that "return todo(…)" fits every return type
    public static <T> T todo(String what) {
        throw new TodoException(what);
    }

    /** Shows a value below the cell, now. */
    public static void show(Object value) {
        Session.show(value instanceof Rich rich ? rich : Tables.rich(value).orElseGet(() -> plain(value)));
    }

    private static Html plain(Object value) {
        String text = String.valueOf(value);
        return new Html("<pre>" + Html.escape(text) + "</pre>", text);
    }

    /**
     * The default model: TINYLLM_MODEL, else Qwen2.5-Coder 0.5B, or SmolLM2 135M in quick mode. Waits, with a line that counts
     * the seconds, while it is being loaded.
     */
    public static CausalLm model() {
        return DefaultModel.get();
    }

    /**
     * The default model on this machine's fastest kernels, loaded at the first call: what an engine serves many requests with. Its parts
     * can't be replaced.
     */
    public static CausalLm fastModel() {
        return FastModel.of(model());
    }

    /** Streams the model's greedy answer to a user's message, and at its end how fast it came. */
    public static void chat(CausalLm model, String prompt) {
        chat(model, prompt, DefaultModel.quick(System.getenv()) ? QUICK_CHAT_TOKENS : CHAT_TOKENS);
    }

    /** The same with a limit of its own on the answer's tokens. */
    public static void chat(CausalLm model, String prompt, int maxTokens) {
        chat(new Generator(model), SamplingParams.GREEDY, prompt, maxTokens);
    }

    /** The same with a decode loop and a sampler of its own, and sampling instead of the most likely token. */
    public static void chat(Generator generator, SamplingParams sampling, String prompt, int maxTokens) {
        Chat.stream(generator, sampling, prompt, maxTokens);
    }

    /**
     * Lets two models answer the same prompts, side by side on one clock, and ends with a table; each runs alone, after a token
     * that does not count.
     *
     * @param prompts users' messages, 1 to 16
     * @return the race as a film
     */
    public static Film race(CausalLm a, CausalLm b, List<String> prompts) {
        boolean same = a.name().equals(b.name());
        return race(
                Racer.of(same ? a.name() + " (1)" : a.name(), a),
                Racer.of(same ? b.name() + " (2)" : b.name(), b),
                prompts);
    }

    /** The same with the prompts one by one. */
    public static Film race(CausalLm a, CausalLm b, String... prompts) {
        return race(a, b, List.of(prompts));
    }

    /** The same for engines, or for models under names of their own: {@code race(Racer.of("mine", …), Racer.of("library's", …), …)}. */
    public static Film race(Racer a, Racer b, List<String> prompts) {
        int maxTokens = quick() ? QUICK_CHAT_TOKENS : CHAT_TOKENS;
        return Race.run(a, b, prompts, maxTokens, Tables::rich).film();
    }

    /** The same with the prompts one by one. */
    public static Film race(Racer a, Racer b, String... prompts) {
        return race(a, b, List.of(prompts));
    }

    /** Whether this runs in quick mode (TINYLLM_QUICK=1): the small model, fewer tokens and repeats. */
    public static boolean quick() {
        return DefaultModel.quick(System.getenv());
    }

    /** Begins to load the default model in the background; the kernel calls it at start. A failure is told by {@link #model}. */
    public static void preload() {
        DefaultModel.begin();
    }
}
