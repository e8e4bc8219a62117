package tinyllm.lab.mine;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which outside names a class uses, to tell which imports it needs: a file must not break when an unused package goes. */
final class Names {

    private static final Pattern IMPORT = Pattern.compile("import\\s+(static\\s+)?([\\w.]+?)(\\.\\*)?\\s*;.*");

    private final Set<String> homes = new HashSet<>();
    private final Set<String> types = new HashSet<>();
    private final Set<String> owners = new HashSet<>();
    private final Set<String> members = new HashSet<>();

    /** @param home the package, or the class around it */
    void type(String home, String qualified) {
        homes.add(home);
        types.add(qualified);
    }

    void staticMember(String owner, String name) {
        owners.add(owner);
        members.add(owner + "." + name);
    }

    /** Whether one of the names may come from this import. */
    boolean uses(String line) {
        Matcher parts = IMPORT.matcher(line);
        if (!parts.matches()) {
            return true;
        }
        String name = parts.group(2);
        boolean all = parts.group(3) != null;
        if (parts.group(1) == null) {
            return all ? homes.contains(name) : types.contains(name);
        }
        return all ? owners.contains(name) || homes.contains(name) : members.contains(name) || types.contains(name);
    }
}
