package tinyllm.engine;

import java.util.List;
import tinyllm.cache.KvCache;
import tinyllm.model.Chunk;
import tinyllm.sampling.SamplingParams;

/** Whether a model works at all: one token passes through it. */
final class ModelProbe {

    private ModelProbe() {}

    /** Throws whatever the model throws. */
    static void run(EngineModel model) {
        int[] token = {0};
        KvCache cache = model.newCache("", token);
        try {
            model.step(
                    List.of(new Chunk(token, cache, true)),
                    List.of(new EngineModel.Draw(SamplingParams.GREEDY, 0, new IntText(token), false)),
                    new PhaseClock());
        } finally {
            cache.close();
        }
    }
}
