package tinyllm.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.tensor.DType;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;
import tinyllm.weights.Checkpoint;
import tinyllm.weights.ModelFiles;

/**
 * Every tensor of a model, dequantized and looked through for what is no number.
 *
 * @param tensors how many there are
 * @param bad those that hold a NaN or an infinity
 */
record Scan(String model, int tensors, List<Bad> bad) {

    record Bad(String name, long nan, long infinite) {}

    static Scan of(String model) {
        List<Bad> bad = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(ModelFiles.resolve(model))) {
            for (String name : checkpoint.names()) {
                try (Scope scope = Scope.open()) {
                    Tensor tensor = checkpoint.load(name, DType.F32);
                    long nan = count(tensor.isNaN());
                    long infinite = count(tensor.isInf());
                    if (nan + infinite > 0) {
                        bad.add(new Bad(name, nan, infinite));
                    }
                }
            }
            return new Scan(model, checkpoint.names().size(), List.copyOf(bad));
        }
    }

    private static long count(Tensor mask) {
        return (long) mask.astype(DType.I32).sum().item();
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", model);
        json.put("tensors", tensors);
        json.put(
                "bad",
                bad.stream()
                        .map(b -> Map.of("name", b.name(), "nan", b.nan(), "infinite", b.infinite()))
                        .toList());
        return json;
    }

    void print(PrintWriter out) {
        for (Bad b : bad) {
            out.println(b.name() + ": " + b.nan() + " NaN, " + b.infinite() + " infinite");
        }
        out.println(tensors + " tensors of " + model + ", " + bad.size() + " of them broken"
                + (bad.isEmpty() ? "" : ": fetch the model again"));
    }
}
