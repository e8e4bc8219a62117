package tinyllm.model;

/** A model's configuration is wrong, or asks for something that this lab does not build; the message names the field. */
public final class ConfigException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }
}
