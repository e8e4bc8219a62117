package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.server.http.HttpException;

/** The models that can be asked for, by their exact names: a name is compared, and never made into a path. */
public final class ServedModels {
    private final Map<String, ServedModel> byName = new LinkedHashMap<>();

    public ServedModels(List<ServedModel> models) {
        for (ServedModel model : models) {
            if (byName.putIfAbsent(model.name(), model) != null) {
                throw new IllegalArgumentException("two models are served under the name " + model.name());
            }
        }
    }

    public List<ServedModel> all() {
        return new ArrayList<>(byName.values());
    }

    /** @throws HttpException 404 when no model has the name */
    ServedModel get(String name) {
        ServedModel model = byName.get(name);
        if (model == null) {
            throw new HttpException(
                            404,
                            "the model \"" + Fields.shortened(name, 60) + "\" is not served here; served are "
                                    + String.join(", ", byName.keySet()))
                    .param("model")
                    .code("model_not_found");
        }
        return model;
    }

    /** The one that the field model names. */
    ServedModel named(Fields in) {
        @Nullable String name = in.text("model");
        if (name == null) {
            throw HttpException.field("model", "model is missing; served are " + String.join(", ", byName.keySet()));
        }
        return get(name);
    }
}
