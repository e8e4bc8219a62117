package tinyllm.kernel.check;

/**
 * Something that Metal refuses.
 *
 * @param line of the kernel's source, from 1; 0 if there is none
 */
public record Problem(int line, String text) {
    public String sentence() {
        return line > 0 ? "line " + line + ": " + text : text;
    }
}
