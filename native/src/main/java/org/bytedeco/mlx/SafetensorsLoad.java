package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** What a safetensors file holds: arrays by name, and metadata. */
@NoOffset
@Name("mlx::core::SafetensorsLoad")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class SafetensorsLoad extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public SafetensorsLoad(Pointer p) {
        super(p);
    }

    @MemberGetter
    public native @ByVal ArrayMap first();

    @MemberGetter
    public native @ByVal StringStringMap second();
}
