package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** Where an operation runs: the default stream, a stream, a thread-local stream, or a device. */
@Name("mlx::core::StreamOrDevice")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class StreamOrDevice extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public StreamOrDevice(Pointer p) {
        super(p);
    }

    /** The default stream of the default device. */
    public StreamOrDevice() {
        allocate();
    }

    public StreamOrDevice(Stream stream) {
        allocate(stream);
    }

    public StreamOrDevice(ThreadLocalStream stream) {
        allocate(stream);
    }

    public StreamOrDevice(Device device) {
        allocate(device);
    }

    private native void allocate();

    private native void allocate(@Const @ByRef Stream stream);

    private native void allocate(@Const @ByRef ThreadLocalStream stream);

    private native void allocate(@Const @ByRef Device device);
}
