package tinyllm.model;

/** CONTRACT STUB. */
public final class Models {
    private Models() {}

    /** A registry name, a .gguf file, or a folder with safetensors. */
    public static CausalLm load(String nameOrPath) {
        throw new UnsupportedOperationException("stub");
    }
}
