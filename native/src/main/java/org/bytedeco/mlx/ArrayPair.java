package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** Two arrays. Both getters copy the handle, not the data. */
@NoOffset
@Name("std::pair<mlx::core::array,mlx::core::array>")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class ArrayPair extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public ArrayPair(Pointer p) {
        super(p);
    }

    @MemberGetter
    public native @ByVal array first();

    @MemberGetter
    public native @ByVal array second();
}
