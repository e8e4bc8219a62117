package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** Two vectors of arrays. Both getters copy the handles, not the data. */
@NoOffset
@Name("std::pair<std::vector<mlx::core::array>,std::vector<mlx::core::array> >")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class ArrayVectorPair extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public ArrayVectorPair(Pointer p) {
        super(p);
    }

    @MemberGetter
    public native @ByVal ArrayVector first();

    @MemberGetter
    public native @ByVal ArrayVector second();
}
