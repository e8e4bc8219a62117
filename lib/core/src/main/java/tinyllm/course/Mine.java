package tinyllm.course;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The learner's own answers that a model can compute with, each checked anew, and why the library's stands in for the others.
 * Where they are kept and how they are checked is the notebook library's business: it provides a {@link Source}.
 *
 * @param pieces in reading order
 */
public record Mine(List<Piece> pieces) {

    /** The library everywhere. */
    public static final Mine NONE = new Mine(List.of());

    /**
     * One exercise.
     *
     * @param exercise such as "1.1 attention"
     * @param contract the interface that an answer implements
     * @param own the learner's object; null when the library's stands in
     * @param reason why the library's stands in although there is an answer, as a sentence; empty when there is none
     */
    public record Piece(
            String exercise, Class<?> contract, @Nullable Object own, String reason) {}

    /** Finds the answers. Looked up with {@link ServiceLoader}, because this library knows no notebooks. */
    public interface Source {

        /** Every answer that is kept, checked. Never throws for an answer that is broken: its piece says so. */
        Mine load();

        /** Shows lines where the user looks: below a cell, or in the terminal. */
        void show(List<String> lines);
    }

    public Mine {
        pieces = List.copyOf(pieces);
    }

    /**
     * The learner's answers.
     *
     * @throws IllegalStateException when the notebook library is not on the class path
     */
    public static Mine load() {
        return source().load();
    }

    private static Source source() {
        return ServiceLoader.load(Source.class, Mine.class.getClassLoader())
                .findFirst()
                .orElseThrow(
                        () -> new IllegalStateException("the learner's own answers are found by the notebook library:"
                                + " put tinyllm-lab on the class path, or use the library's parts"));
    }

    /** The pieces whose interface is wanted. */
    public Mine only(Predicate<Class<?>> contract) {
        return new Mine(
                pieces.stream().filter(piece -> contract.test(piece.contract())).toList());
    }

    /** Tells the user whose is whose. */
    public void show() {
        source().show(lines());
    }

    /** Whose is whose: the learner's, the library's, then a sentence for each answer that could not be taken. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("yours: " + names(piece -> piece.own() != null));
        lines.add("the library's: " + names(piece -> piece.own() == null));
        for (Piece piece : pieces) {
            if (piece.own() == null && !piece.reason().isEmpty()) {
                lines.add(piece.exercise() + ": " + piece.reason());
            }
        }
        return lines;
    }

    private String names(Predicate<Piece> wanted) {
        String names = String.join(
                ", ", pieces.stream().filter(wanted).map(Piece::exercise).toList());
        return names.isEmpty() ? "none" : names;
    }
}
