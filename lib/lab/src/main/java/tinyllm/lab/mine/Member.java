package tinyllm.lab.mine;

/**
 * A declaration of a session, as a member of a class.
 *
 * @param kind what it declares
 * @param key what a later declaration of the same thing has too: kind, name, and a method's parameter types
 * @param name the declared name
 * @param text the declaration, made static where a class's member needs it; of a variable with {@code var}, its initializer
 */
record Member(Kind kind, String key, String name, String text) {

    enum Kind {
        TYPE,
        METHOD,
        VARIABLE,
        /** A variable whose type the compiler has to find. */
        VAR
    }
}
