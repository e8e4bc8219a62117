package tinyllm.kernel;

import java.util.List;
import tinyllm.natives.kernels;

/** The instructions that our kernels use. Every set gives the same bits; they differ in speed. */
public final class InstructionSets {

    private InstructionSets() {}

    /** Those that this CPU can run, the best one first; "plain" is C++ without any special instruction. */
    public static List<String> available() {
        return List.of(kernels.instruction_set_names().split(" "));
    }

    /** The one in use: the best, or that of the variable {@code TINYLLM_ISA}. */
    public static String current() {
        return kernels.instruction_set();
    }

    /**
     * Uses another one, for tests and measurements.
     *
     * @throws IllegalArgumentException when this CPU can't run it, naming those that it can
     */
    public static void use(String name) {
        if (!kernels.choose_instruction_set(name)) {
            throw new IllegalArgumentException(
                    "this CPU can't run \"" + name + "\"; it can run " + String.join(", ", available()));
        }
    }
}
