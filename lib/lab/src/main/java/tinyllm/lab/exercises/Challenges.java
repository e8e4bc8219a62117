package tinyllm.lab.exercises;

import java.util.List;
import tinyllm.lab.challenge.Challenge;
import tinyllm.lab.exercises.flash.cpu.AttentionChallenge;
import tinyllm.lab.exercises.flash.gpu.AttentionChallenges;
import tinyllm.lab.exercises.metal.SmallKernelChallenge;
import tinyllm.lab.exercises.paged.PagedChallenge;
import tinyllm.lab.exercises.quantized.cpu.LinearChallenge;
import tinyllm.lab.exercises.quantized.gpu.QuantizedChallenges;

/** All challenges, in reading order; a chapter that writes a kernel ends with one. */
public final class Challenges {

    private static final List<Challenge<?, ?>> ALL = List.of(
            LinearChallenge.MATVEC,
            SmallKernelChallenge.NORM,
            QuantizedChallenges.MATVEC,
            QuantizedChallenges.MATMUL,
            AttentionChallenge.ATTENTION,
            AttentionChallenges.DECODE,
            AttentionChallenges.PREFILL,
            PagedChallenge.DECODE);

    private Challenges() {}

    public static List<Challenge<?, ?>> all() {
        return ALL;
    }

    /**
     * The challenge of this id.
     *
     * @throws IllegalArgumentException when there is none; the message lists all
     */
    public static Challenge<?, ?> get(String id) {
        return ALL.stream()
                .filter(challenge -> challenge.id().equals(id.strip()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no challenge \"" + id + "\"; there are "
                        + ALL.stream().map(Challenge::id).toList()));
    }
}
