package tinyllm.text.jinja;

/** Something that a template may call. */
@FunctionalInterface
interface Function {
    Object call(Args args);
}
