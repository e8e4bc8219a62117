package tinyllm.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import tinyllm.engine.Generator;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LayerFeature;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;

/**
 * A step of the course's ladder: what the engine can do by then.
 *
 * @param name of the feature that came last; "week1" before any
 */
public record Stage(String name, Set<Feature> features) {

    public Stage {
        EnumSet<Feature> copy = EnumSet.noneOf(Feature.class);
        copy.addAll(features);
        features = Collections.unmodifiableSet(copy);
    }

    /** Week 1's loop, then one feature more on each step. */
    public static List<Stage> ladder() {
        List<Stage> ladder = new ArrayList<>(List.of(new Stage("week1", Set.of())));
        EnumSet<Feature> sofar = EnumSet.noneOf(Feature.class);
        for (Feature feature : Feature.values()) {
            sofar.add(feature);
            ladder.add(new Stage(feature.word(), sofar));
        }
        return List.copyOf(ladder);
    }

    /** @throws IllegalArgumentException when the ladder has no such step */
    public static Stage named(String name) {
        return ladder().stream()
                .filter(stage -> stage.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the ladder has no step \"" + name + "\""));
    }

    boolean has(Feature feature) {
        return features.contains(feature);
    }

    /**
     * The model as this step computes it.
     *
     * @throws IllegalStateException when it is not quantized, so that our kernels can't take it
     */
    CausalLm load(String model) {
        if (!has(Feature.QUANTIZED)) {
            return Models.load(model, KernelSet.REFERENCE, LoadListener.NONE);
        }
        EnumSet<LayerFeature> layers = EnumSet.noneOf(LayerFeature.class);
        if (has(Feature.SMALL_KERNELS)) {
            layers.add(LayerFeature.SMALL_KERNELS);
        }
        if (has(Feature.FLASH_ATTENTION)) {
            layers.add(LayerFeature.FLASH_ATTENTION);
        }
        return Models.load(model, KernelSet.OWN, LoadListener.NONE).limitedTo(layers);
    }

    /** What answers one request after the other. */
    Generator generator(CausalLm model) {
        Generator generator = new Generator(model);
        return has(Feature.KV_CACHE) ? generator.cached() : generator;
    }
}
