package tinyllm.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop} inside a for block. */
final class Loop {
    private final List<?> items;
    private int index;
    private @Nullable List<Object> lastSeen;

    Loop(List<?> items) {
        this.items = items;
    }

    void at(int newIndex) {
        index = newIndex;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index0" -> (long) index;
            case "index" -> index + 1L;
            case "revindex0" -> items.size() - index - 1L;
            case "revindex" -> (long) items.size() - index;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            case "depth" -> 1L;
            case "depth0" -> 0L;
            case "previtem" -> index > 0 ? items.get(index - 1) : new Undefined("loop.previtem");
            case "nextitem" -> index + 1 < items.size() ? items.get(index + 1) : new Undefined("loop.nextitem");
            case "cycle" -> (Function) this::cycle;
            case "changed" -> (Function) this::changed;
            default -> new Undefined("loop." + name);
        };
    }

    private Object cycle(Args args) {
        if (args.positional().isEmpty()) {
            throw new TemplateException("loop.cycle() needs something to choose from");
        }
        return args.positional().get(index % args.positional().size());
    }

    private Object changed(Args args) {
        boolean same = lastSeen != null && Values.equal(lastSeen, args.positional(), args.budget());
        lastSeen = args.positional();
        return !same;
    }
}
