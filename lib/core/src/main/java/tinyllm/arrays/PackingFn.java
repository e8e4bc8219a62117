package tinyllm.arrays;

/** Exercise of chapter 2.2: eight codes of 4 bits in each word of 32. */
public interface PackingFn {

    /**
     * Packs codes as MLX does, the first one into the lowest four bits.
     *
     * @param codes each 0 to 15, a multiple of eight of them
     * @return an eighth as many words
     */
    int[] pack(int[] codes);

    /** The codes back, each 0 to 15. */
    int[] unpack(int[] words);
}
