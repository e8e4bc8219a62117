package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** Two arrays. Both getters copy the handle, not the data. */
@Name("std::tuple<mlx::core::array,mlx::core::array>")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class ArrayTuple extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public ArrayTuple(Pointer p) {
        super(p);
    }

    public array get0() {
        return get0(this);
    }

    public array get1() {
        return get1(this);
    }

    @Namespace
    @Name("std::get<0>")
    private static native @ByVal array get0(@ByRef ArrayTuple tuple);

    @Namespace
    @Name("std::get<1>")
    private static native @ByVal array get1(@ByRef ArrayTuple tuple);
}
