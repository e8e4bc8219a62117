package tinyllm.text.jinja;

/** Python's None. */
enum None {
    NONE
}
