package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** Arrays by name: {@code std::unordered_map<std::string, array>}. */
@Name("std::unordered_map<std::string,mlx::core::array>")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class ArrayMap extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public ArrayMap(Pointer p) {
        super(p);
    }

    public ArrayMap() {
        allocate();
    }

    private native void allocate();

    public native @Cast("size_t") long size();

    /** The array of this name, a copy of the handle; throws if there is none. */
    @Index(function = "at")
    public native @ByVal array get(@StdString String name);

    public native @Name("insert_or_assign") void put(@StdString String name, @Const @ByRef array value);

    public boolean contains(String name) {
        return count(name) > 0;
    }

    private native @Cast("size_t") long count(@StdString String name);

    /** The names, in no particular order. */
    public String[] names() {
        try (StringVector names = org.bytedeco.mlx.global.mlx.names(this)) {
            return org.bytedeco.mlx.helper.mlx.strings(names);
        }
    }
}
