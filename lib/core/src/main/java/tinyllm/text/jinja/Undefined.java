package tinyllm.text.jinja;

/** A variable, attribute or item that is not there: empty when printed, false, an error when anything else is done with it. */
record Undefined(String name) {
    TemplateException error() {
        return new TemplateException("'" + name + "' is undefined");
    }
}
