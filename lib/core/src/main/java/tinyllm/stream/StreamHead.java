package tinyllm.stream;

/**
 * What every event of one answer carries.
 *
 * @param id of the answer, the same in all of its events
 * @param model the name that the client asked for
 * @param created seconds since 1970
 * @param includeUsage whether the client asked for counts at the end: {@code "stream_options": {"include_usage": true}}
 */
public record StreamHead(String id, String model, long created, boolean includeUsage) {}
