package tinyllm.lab;

/** The chapter that {@code ./lab test --chapter} asks for, by the property tinyllm.chapter (11-attention); without it, all. */
public final class OneChapter {

    private static final String WANTED = System.getProperty("tinyllm.chapter", "");

    private OneChapter() {}

    /** Whether tests look at the chapter with this file name. */
    public static boolean is(String name) {
        return WANTED.isEmpty() || WANTED.equals(name);
    }

    /** Whether tests look at the exercise with this id: "1.1 softmax" is one of 11-attention, "0 warm-up" of 00-start-here. */
    public static boolean has(String exercise) {
        return WANTED.isEmpty() || number(WANTED.split("-")[0]).equals(exercise.split(" ")[0]);
    }

    private static String number(String digits) {
        return digits.equals("00") ? "0" : digits.charAt(0) + "." + digits.substring(1);
    }
}
