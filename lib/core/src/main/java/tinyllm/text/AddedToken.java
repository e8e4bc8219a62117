package tinyllm.text;

/**
 * A token that is found in the text before anything else is done to it.
 *
 * @param special whether only a template may write it
 * @param lstrip whether it takes the white space on its left with it
 * @param rstrip the same on its right
 */
record AddedToken(int id, String text, boolean special, boolean lstrip, boolean rstrip) {}
