package org.bytedeco.mlx;

/** Is told every node of a function that is exported. */
@FunctionalInterface
public interface ExportListener {
    /** The properties of one node as text; {@code type} is one of inputs, keyword_inputs, outputs, constants, primitive. */
    void node(java.util.Map<String, String> properties);
}
