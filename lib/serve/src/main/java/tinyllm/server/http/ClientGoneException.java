package tinyllm.server.http;

/** The client of an event stream has closed its connection, or was cut: there is nobody to write to. */
public final class ClientGoneException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ClientGoneException(String message) {
        super(message, null, false, false);
    }
}
