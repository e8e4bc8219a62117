package tinyllm.tensor;

/** Whether a result has memory of its own, which decides what it is charged for. */
enum Layout {
    /** New, row-major memory. */
    OWN,
    /** Shares its input's memory and order. */
    VIEW,
    /** Shares its input's memory with strides of its own. */
    STRIDED
}
