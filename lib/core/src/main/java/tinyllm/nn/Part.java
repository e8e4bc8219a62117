package tinyllm.nn;

/**
 * A piece of the model that a learner may replace with code of their own: {@code model.with(MyAttention::new)}.
 * Every exercise interface of the course extends it.
 */
public interface Part {}
