package tinyllm.stream;

/** There is nobody to write to. */
public final class ClientLeftException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ClientLeftException() {
        super("the client has closed its connection");
    }
}
