package tinyllm.lab.check;

import org.jspecify.annotations.Nullable;

/**
 * How a result differs from the expected one.
 *
 * @param ok whether it is the same within the tolerance
 * @param shape shape, or length, of the expected result
 * @param dtype its element type, in words
 * @param maxError largest absolute error; NaN where there is none to give
 * @param index first wrong entry; null where there is none
 * @param expectedThere what was expected there
 * @param actualThere what came
 * @param message one sentence; empty when ok
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares differences
record Difference(
        boolean ok,
        String shape,
        String dtype,
        double maxError,
        int @Nullable [] index,
        String expectedThere,
        String actualThere,
        String message) {

    static Difference none(String shape, String dtype, double maxError) {
        return new Difference(true, shape, dtype, maxError, null, "", "", "");
    }

    static Difference of(String shape, String dtype, String message) {
        return new Difference(false, shape, dtype, Double.NaN, null, "", "", message);
    }

    Difference at(String where) {
        return ok
                ? this
                : new Difference(false, shape, dtype, maxError, index, expectedThere, actualThere, where + message);
    }

    /** Puts the first wrong entry into a mistake's message. */
    String fill(String template) {
        return template.replace("{index}", index == null ? "the result" : at(index))
                .replace("{row}", part(2, "i"))
                .replace("{column}", part(1, "j"))
                .replace("{expected}", expectedThere)
                .replace("{actual}", actualThere);
    }

    private String part(int fromEnd, String unknown) {
        return index == null || index.length < fromEnd ? unknown : Integer.toString(index[index.length - fromEnd]);
    }

    static String at(int[] index) {
        StringBuilder out = new StringBuilder("[");
        for (int i = 0; i < index.length; i++) {
            out.append(i == 0 ? "" : ", ").append(index[i]);
        }
        return out.append(']').toString();
    }
}
