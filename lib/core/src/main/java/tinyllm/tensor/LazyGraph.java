package tinyllm.tensor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.NodeNamer;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/**
 * What MLX still has to compute for some tensors, as MLX itself tells it. An array that is computed has no operation before it: its
 * graph is gone (chapter 0.1).
 *
 * @param operations in an order in which they can be computed
 * @param arrays name to shape and dtype, such as {@code "[2, 3] float32"}; what no operation makes is there already
 * @param dot the same graph in the language of Graphviz
 */
public record LazyGraph(List<Operation> operations, Map<String, String> arrays, String dot) {

    private static final Pattern ARRAY = Pattern.compile("(\\S+) \\[\\(([\\d,]*)\\), (\\w+)]");

    /** One operation: MLX's name of it, and the names of the arrays that it reads and makes. */
    public record Operation(String name, List<String> inputs, List<String> outputs) {}

    public LazyGraph {
        operations = List.copyOf(operations);
        arrays = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
    }

    /**
     * The graph behind these tensors. Nothing is computed by looking.
     *
     * @param named what each tensor is called; other arrays are called by MLX: A, B, C …
     * @throws IllegalArgumentException when there is no tensor, or a name is no word
     */
    public static LazyGraph of(Map<String, Tensor> named) {
        if (named.isEmpty()) {
            throw new IllegalArgumentException("a graph needs at least one tensor to begin with");
        }
        for (String name : named.keySet()) {
            if (!name.matches("\\w+")) {
                throw new IllegalArgumentException(
                        "\"" + name + "\" is no name for an array: letters, digits and _ only");
            }
        }
        return DeviceThread.locked(() -> read(named));
    }

    private static LazyGraph read(Map<String, Tensor> named) {
        try (NodeNamer namer = new NodeNamer();
                ArrayVector outputs = new ArrayVector()) {
            named.forEach((name, tensor) -> {
                array value = tensor.handle().array("graph", tensor);
                namer.set_name(value, name);
                outputs.push_back(value);
            });
            return parse(mlx.print_graph(namer, outputs), mlx.export_to_dot(namer, outputs));
        }
    }

    /** Lines such as {@code Divide F [(2,2), float32], H [(2,2), float32] -> B [(2,2), float32]}, after the inputs and outputs. */
    private static LazyGraph parse(String printed, String dot) {
        List<Operation> operations = new ArrayList<>();
        Map<String, String> arrays = new LinkedHashMap<>();
        for (String line : printed.lines().toList()) {
            int arrow = line.indexOf(" -> ");
            if (arrow < 0) {
                names(line.substring(line.indexOf(':') + 1), arrays);
                continue;
            }
            String name = line.substring(0, line.indexOf(' '));
            List<String> inputs = names(line.substring(name.length(), arrow), arrays);
            operations.add(new Operation(name, inputs, names(line.substring(arrow + 4), arrays)));
        }
        return new LazyGraph(operations, arrays, dot);
    }

    private static List<String> names(String text, Map<String, String> arrays) {
        List<String> names = new ArrayList<>();
        Matcher found = ARRAY.matcher(text);
        while (found.find()) {
            names.add(found.group(1));
            arrays.put(found.group(1), "[" + found.group(2).replace(",", ", ").strip() + "] " + found.group(3));
        }
        return names;
    }
}
