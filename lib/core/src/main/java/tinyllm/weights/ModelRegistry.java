package tinyllm.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.RegisteredModel.Format;
import tinyllm.weights.RegisteredModel.PackagePart;
import tinyllm.weights.format.FormatException;
import tinyllm.weights.format.StrictJson;

/**
 * The models that have names, in the order of the registry file.
 *
 * @param hub where repositories live; the environment's HF_ENDPOINT goes before it
 */
public record ModelRegistry(URI hub, Map<String, RegisteredModel> models) {
    private static final String RESOURCE = "/tinyllm/models.json";

    /** The registry that comes with the library. */
    public static ModelRegistry standard() {
        try (InputStream in = ModelRegistry.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("the registry " + RESOURCE + " is missing from the library's jar");
            }
            return parse(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ModelRegistry parse(byte[] json) {
        Map<String, Object> root = StrictJson.object(json, "the registry of models");
        Map<String, RegisteredModel> models = new LinkedHashMap<>();
        for (Object entry : list(root, "models")) {
            if (!(entry instanceof Map<?, ?> fields)) {
                throw new FormatException("the registry of models has an entry that is no object");
            }
            RegisteredModel model = model(fields);
            if (models.put(model.name(), model) != null) {
                throw new FormatException("the registry of models names " + model.name() + " twice");
            }
        }
        return new ModelRegistry(URI.create(text(root, "hub")), Collections.unmodifiableMap(models));
    }

    private static RegisteredModel model(Map<?, ?> fields) {
        List<PackagePart> packages = new ArrayList<>();
        for (Object part : list(fields, "packages")) {
            Map<?, ?> map = (Map<?, ?>) part;
            packages.add(new PackagePart(text(map, "package"), text(map, "version"), text(map, "entry")));
        }
        return new RegisteredModel(
                text(fields, "name"),
                text(fields, "title"),
                Format.valueOf(text(fields, "format").toUpperCase(Locale.ROOT)),
                text(fields, "licence"),
                number(fields, "parameters"),
                number(fields, "approxBytes"),
                text(fields, "repo"),
                optional(fields, "file"),
                number(fields, "bytes"),
                optional(fields, "sha256"),
                optional(fields, "ollama"),
                packages);
    }

    /**
     * The model of a name, whatever its case.
     *
     * @throws IllegalArgumentException that offers the nearest names
     */
    public RegisteredModel get(String name) {
        RegisteredModel model = models.get(name.toLowerCase(Locale.ROOT));
        if (model == null) {
            throw new IllegalArgumentException(
                    "there is no model \"" + name + "\", neither as a file nor in the registry; the nearest names are "
                            + String.join(", ", NearestNames.of(name, models.keySet(), 3)));
        }
        return model;
    }

    private static List<?> list(Map<?, ?> fields, String field) {
        return fields.get(field) instanceof List<?> list ? list : List.of();
    }

    private static long number(Map<?, ?> fields, String field) {
        return fields.get(field) instanceof Number number ? number.longValue() : 0;
    }

    private static @Nullable String optional(Map<?, ?> fields, String field) {
        return fields.get(field) instanceof String text ? text : null;
    }

    private static String text(Map<?, ?> fields, String field) {
        String text = optional(fields, field);
        if (text == null) {
            throw new FormatException("an entry of the registry of models has no " + field + ": " + fields);
        }
        return text;
    }
}
