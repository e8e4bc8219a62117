package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** Makes native functions usable wherever a Java function is. */
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public abstract class AbstractFunction extends Pointer implements ArrayFunction {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    protected AbstractFunction(Pointer p) {
        super(p);
    }
}
