package org.bytedeco.mlx.helper;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.mlx.ArrayFunction;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.ExportListener;
import org.bytedeco.mlx.FunctionCall;
import org.bytedeco.mlx.FunctionDispatcher;
import org.bytedeco.mlx.IntVector;
import org.bytedeco.mlx.JvpFunction;
import org.bytedeco.mlx.KeywordArrayFunction;
import org.bytedeco.mlx.StringStringMap;
import org.bytedeco.mlx.VjpFunction;
import org.bytedeco.mlx.VmapFunction;

/** The Java objects that native code refers to, by number, until it tells that it does not any more. */
final class JavaObjects {
    private static final Map<Long, Object> OBJECTS = new ConcurrentHashMap<>();
    private static final AtomicLong NEXT = new AtomicLong();
    private static final FunctionDispatcher DISPATCHER = new FunctionDispatcher() {
        @Override
        public void call(FunctionCall call) {
            dispatch(call);
        }
    };

    static {
        org.bytedeco.mlx.global.mlx.set_function_dispatcher(DISPATCHER);
    }

    private JavaObjects() {}

    /** Keeps the object alive until native code has dropped its number. */
    static long keep(Object object) {
        if (object == null) {
            throw new NullPointerException("A function or a data pointer is null: native code cannot call or keep it.");
        }
        forgetReleased();
        long number = NEXT.getAndIncrement();
        OBJECTS.put(number, object);
        return number;
    }

    static int forgetReleased() {
        for (long number = org.bytedeco.mlx.global.mlx.next_released();
                number >= 0;
                number = org.bytedeco.mlx.global.mlx.next_released()) {
            OBJECTS.remove(number);
        }
        return OBJECTS.size();
    }

    private static void dispatch(FunctionCall call) {
        Object object = OBJECTS.get(call.function());
        switch (object) {
            case ArrayFunction f -> give(call, f.apply(call.inputs()));
            case KeywordArrayFunction f -> give(call, f.apply(call.inputs(), call.kwargs()));
            case VjpFunction f -> give(call, f.apply(call.inputs(), call.second(), call.third()));
            case JvpFunction f ->
                give(call, f.apply(call.inputs(), call.second(), call.axes().get()));
            case VmapFunction f -> {
                VmapFunction.Result result = f.apply(call.inputs(), call.axes().get());
                give(call, result.outputs());
                call.output_axes(new IntVector(result.axes()));
            }
            case ExportListener f -> f.node(texts(call.text()));
            case null, default ->
                throw new IllegalStateException("No Java function has the number " + call.function() + ".");
        }
    }

    private static void give(FunctionCall call, ArrayVector outputs) {
        if (outputs == null) {
            throw new NullPointerException("A function of arrays returned null instead of an ArrayVector.");
        }
        call.outputs(outputs);
    }

    private static Map<String, String> texts(StringStringMap map) {
        Map<String, String> texts = new HashMap<>();
        for (StringStringMap.Iterator i = map.begin(); !i.equals(map.end()); i = i.increment()) {
            texts.put(i.first(), i.second());
        }
        return texts;
    }
}
