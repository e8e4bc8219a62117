package tinyllm.server.http;

import java.util.Locale;

/** What stands in the header Host. */
final class HostName {

    private HostName() {}

    /** The name without its port, in lower case. */
    static String of(String host) {
        String name = host.strip().toLowerCase(Locale.ROOT);
        int bracket = name.indexOf(']');
        int colon = name.indexOf(':', Math.max(bracket, 0));
        return colon < 0 ? name : name.substring(0, colon);
    }

    /** Whether it is an IPv4 or IPv6 address: nobody can lead a browser here by one of those. */
    static boolean isAddress(String name) {
        if (name.startsWith("[")) {
            return name.matches("\\[[0-9a-f:.]+]");
        }
        if (!name.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
            return false;
        }
        for (String part : name.split("\\.", -1)) {
            if (Integer.parseInt(part) > 255) {
                return false;
            }
        }
        return true;
    }
}
