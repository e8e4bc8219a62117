package tinyllm.weights;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.weights.format.FormatException;

/** Which shard holds which tensor: {@code model.safetensors.index.json}, whose file names are a stranger's and not trusted. */
final class ShardIndex {
    static final String FILE = "model.safetensors.index.json";
    private static final long LIMIT = 64L << 20;

    private ShardIndex() {}

    /** Tensor name to shard name; empty when the folder has no index. */
    static Map<String, String> read(ModelFolder folder) {
        Map<String, Object> json = folder.json(FILE, LIMIT);
        if (json == null) {
            return Map.of();
        }
        if (!(json.get("weight_map") instanceof Map<?, ?> map) || map.isEmpty()) {
            throw new FormatException(FILE + " has no weight_map with tensors");
        }
        Map<String, String> index = new LinkedHashMap<>();
        map.forEach((tensor, shard) -> {
            if (!(shard instanceof String name) || !name.endsWith(".safetensors")) {
                throw new FormatException(
                        FILE + " maps \"" + tensor + "\" to " + shard + ", which is no .safetensors file");
            }
            index.put((String) tensor, name);
        });
        return index;
    }

    /** The safetensors files of a folder without an index. */
    static List<String> withoutIndex(ModelFolder folder) {
        List<String> names = folder.named(".safetensors");
        if (names.size() <= 1) {
            return names;
        }
        if (names.contains("model.safetensors")) {
            return List.of("model.safetensors");
        }
        List<String> shards = names.stream()
                .filter(name -> name.matches("model-\\d{5}-of-\\d{5}\\.safetensors"))
                .toList();
        if (shards.isEmpty()) {
            throw new FormatException("the folder " + folder.real() + " holds several safetensors files ("
                    + String.join(", ", names) + ") and no " + FILE + ": give the path of one");
        }
        int total = Integer.parseInt(shards.getFirst().substring(15, 20));
        if (shards.size() != total) {
            throw new FormatException(
                    "the folder " + folder.real() + " holds " + shards.size() + " of " + total + " shards");
        }
        return shards;
    }
}
