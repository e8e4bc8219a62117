package tinyllm.weights.format;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** The tensors of a safetensors file that is held in memory, by {@link SafetensorsHeader}, in the order of their data. */
public final class SafetensorsTensors implements HeaderFn {

    @Override
    public List<TensorEntry> read(byte[] file) {
        return SafetensorsHeader.read(MemorySegment.ofArray(file)).tensors();
    }
}
