package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** Properties of a device, as text: {@code std::unordered_map<std::string, std::variant<std::string, size_t>>}. */
@Name("std::unordered_map<std::string,std::variant<std::string,size_t> >")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class DeviceInfoMap extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public DeviceInfoMap(Pointer p) {
        super(p);
    }

    public native @Cast("size_t") long size();

    /** The value of a property as text; throws if there is none of this name. */
    public String get(String name) {
        return org.bytedeco.mlx.global.mlx.device_property(this, name);
    }

    /** The names, in no particular order. */
    public String[] names() {
        try (StringVector names = org.bytedeco.mlx.global.mlx.names(this)) {
            return org.bytedeco.mlx.helper.mlx.strings(names);
        }
    }
}
