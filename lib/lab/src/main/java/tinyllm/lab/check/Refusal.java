package tinyllm.lab.check;

/**
 * What comes of inputs that make no sense when an answer refuses them, as it should.
 *
 * @param exception the exception's class
 */
record Refusal(Class<? extends RuntimeException> exception) {

    @Override
    public String toString() {
        String name = exception.getSimpleName();
        return ("AEIOU".indexOf(name.charAt(0)) < 0 ? "a " : "an ") + name;
    }
}
