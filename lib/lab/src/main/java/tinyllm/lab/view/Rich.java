package tinyllm.lab.view;

import org.jspecify.annotations.Nullable;

/** Something that a notebook can show: always as text, perhaps as HTML or as a picture too. */
public interface Rich {

    /** Plain text: what a terminal prints and a screen reader reads. */
    String text();

    /** HTML that holds no script, no style sheet and no unescaped foreign text; null when there is none. */
    default @Nullable String html() {
        return null;
    }

    /** A PNG; null when there is none. */
    default byte @Nullable [] png() {
        return null;
    }

    /** An animated GIF; null when there is none. */
    default byte @Nullable [] gif() {
        return null;
    }

    /** Width in CSS pixels at which {@link #png} or {@link #gif} is to be shown; 0 for its own. */
    default int width() {
        return 0;
    }
}
