package tinyllm.weights.format;

import java.util.List;

/** Reads what a safetensors file says of its tensors (chapter 1.5). */
@FunctionalInterface
public interface HeaderFn {

    /**
     * @param file the whole file: 8 bytes of header length N (little-endian), N bytes of JSON, the data
     * @return the tensors, in any order, without {@code __metadata__}; offsets count from the start of the file
     * @throws FormatException when N is below 2 or more than the file has left
     */
    List<TensorEntry> read(byte[] file);
}
