package tinyllm.load;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one request saw. All times are seconds from the load's beginning; NaN for what never came. Latencies count from the planned
 * arrival, not from when it was sent: a client that could not send in time hides nothing.
 *
 * @param request counted from 0 in the order of arrival
 * @param promptWanted tokens that its prompt was made for; 0 where it was made for none
 * @param tokensWanted that it asked for at most
 * @param planned when it was to arrive
 * @param sent when it was sent
 * @param tokenTimes when each event that brought text came; a server may put several tokens into one
 * @param end when the answer ended, whole or not
 * @param status of the HTTP answer; 0 when none came
 * @param promptTokens as the server counts them; -1 when it did not say
 * @param usageTokens that were written, as the server counts them; -1 when it did not say
 * @param finishReason as the server says it; null when it did not
 * @param resent how often it was sent again, because the server had closed the connection before it answered
 * @param problem a sentence when the answer is not whole; null when it is
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares samples
public record Sample(
        int request,
        int promptWanted,
        int tokensWanted,
        double planned,
        double sent,
        double[] tokenTimes,
        double end,
        int status,
        int promptTokens,
        int usageTokens,
        @Nullable String finishReason,
        int resent,
        @Nullable String problem) {

    /** Whether the whole answer came. */
    public boolean ok() {
        return problem == null;
    }

    /** When the first text came. */
    public double first() {
        return tokenTimes.length == 0 ? Double.NaN : tokenTimes[0];
    }

    /** When the last text came. */
    public double last() {
        return tokenTimes.length == 0 ? Double.NaN : tokenTimes[tokenTimes.length - 1];
    }

    /** Events that brought text. */
    public int events() {
        return tokenTimes.length;
    }

    /** Tokens that were written: the server's count, or the events where it gave none. */
    public int tokens() {
        return usageTokens >= 0 ? usageTokens : tokenTimes.length;
    }

    /** Seconds from the planned arrival to the first text. */
    public double toFirstToken() {
        return first() - planned;
    }

    /** Seconds from the planned arrival to the end of the answer. */
    public double toEnd() {
        return end - planned;
    }

    /** Mean seconds for a token after the first; NaN where there is none. */
    public double perToken() {
        return tokens() < 2 || events() < 2 ? Double.NaN : (last() - first()) / (tokens() - 1);
    }

    /** Seconds between one event that brought text and the next. */
    public double[] gaps() {
        double[] gaps = new double[Math.max(0, tokenTimes.length - 1)];
        Arrays.setAll(gaps, i -> tokenTimes[i + 1] - tokenTimes[i]);
        return gaps;
    }

    /** How it ended, in a word: its status, and what went wrong with a 200 that is not whole. */
    public String outcome() {
        return status == 200 && !ok() ? "200, cut" : status == 0 ? "no answer" : Integer.toString(status);
    }

    /** The sample as JSON has it. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("request", request);
        json.put("planned_s", planned);
        json.put("sent_s", sent);
        json.put("token_s", tokenTimes);
        json.put("end_s", end);
        json.put("status", status);
        json.put("prompt_tokens_wanted", promptWanted);
        json.put("tokens_wanted", tokensWanted);
        if (promptTokens >= 0) {
            json.put("prompt_tokens", promptTokens);
        }
        if (usageTokens >= 0) {
            json.put("tokens", usageTokens);
        }
        if (finishReason != null) {
            json.put("finish_reason", finishReason);
        }
        if (resent > 0) {
            json.put("resent", resent);
        }
        if (problem != null) {
            json.put("problem", problem);
        }
        return json;
    }
}
