package tinyllm.lab;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tinyllm.lab.chart.GraphPainter;
import tinyllm.lab.chart.GraphPainter.Box;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.LazyGraph;
import tinyllm.tensor.LazyGraph.Operation;
import tinyllm.tensor.Tensor;

/** The graph that MLX holds behind some tensors, as a picture (chapter 0.1). */
public final class GraphView {

    private GraphView() {}

    /** What still has to be computed for this tensor. Looking computes nothing. */
    public static Picture of(String name, Tensor tensor) {
        return of(Map.of(name, tensor));
    }

    /**
     * What still has to be computed for these tensors, up to some thirty operations.
     *
     * @param named what each tensor is called in the picture; letters and digits
     */
    public static Picture of(Map<String, Tensor> named) {
        LazyGraph graph = LazyGraph.of(named);
        Map<String, Integer> made = new HashMap<>();
        List<Box> boxes = new ArrayList<>();
        for (Operation operation : graph.operations()) {
            List<Integer> from = new ArrayList<>();
            for (String input : operation.inputs()) {
                from.add(made.computeIfAbsent(input, name -> leaf(name, graph, named, boxes)));
            }
            String output = operation.outputs().getFirst();
            boolean asked = named.containsKey(output);
            boxes.add(new Box(
                    asked ? output + " = " + operation.name() : operation.name(),
                    detail(graph, output),
                    false,
                    List.copyOf(from)));
            operation.outputs().forEach(name -> made.put(name, boxes.size() - 1));
        }
        named.keySet().forEach(name -> made.computeIfAbsent(name, leaf -> leaf(leaf, graph, named, boxes)));
        int waiting = graph.operations().size();
        String title = waiting == 0
                ? "Nothing left to compute: only the numbers"
                : waiting + (waiting == 1 ? " operation waits" : " operations wait") + " to be computed";
        String text = title + ". "
                + String.join(
                        " → ", graph.operations().stream().map(Operation::name).toList());
        return GraphPainter.paint(title, boxes, "full: numbers in memory; dashed: only a promise", text.strip());
    }

    private static int leaf(String name, LazyGraph graph, Map<String, Tensor> named, List<Box> boxes) {
        String shown = named.containsKey(name) ? name : "number";
        String detail = detail(graph, name);
        boxes.add(
                new Box(detail.startsWith("[]") || named.containsKey(name) ? shown : "array", detail, true, List.of()));
        return boxes.size() - 1;
    }

    private static String detail(LazyGraph graph, String array) {
        return graph.arrays().getOrDefault(array, "").replace("float32", "f32").replace("int32", "i32");
    }
}
