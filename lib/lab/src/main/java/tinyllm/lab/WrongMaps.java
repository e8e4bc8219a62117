package tinyllm.lab;

import java.util.Optional;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.view.Rich;

/** Three small maps of a wrong tensor: expected, yours, difference. */
final class WrongMaps {
    private WrongMaps() {}

    static Optional<Rich> of(CheckResult result) {
        return Optional.empty();
    }
}
