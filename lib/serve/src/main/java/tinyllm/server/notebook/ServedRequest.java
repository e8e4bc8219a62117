package tinyllm.server.notebook;

/**
 * What became of a request, in seconds since its server began; NaN where it did not come to that.
 *
 * @param id the engine's
 * @param arrived when it was submitted
 * @param began when the step began that read the first of its prompt
 * @param first when its first token was there
 * @param ended when it had ended
 * @param reason "stop", "length", "cancelled" or "error"; empty while it has not ended
 * @param sent pieces of text that its client got, as the stream says
 */
public record ServedRequest(
        long id, double arrived, double began, double first, double ended, String reason, int sent) {

    public boolean cancelled() {
        return reason.equals("cancelled");
    }
}
