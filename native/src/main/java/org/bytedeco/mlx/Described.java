package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** A native value whose text is MLX's own. */
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public abstract class Described extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    protected Described(Pointer p) {
        super(p);
    }

    @Override
    public String toString() {
        return isNull() ? "null" : org.bytedeco.mlx.helper.mlx.describe(this);
    }
}
