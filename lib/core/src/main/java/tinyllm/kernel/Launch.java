package tinyllm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.host.HostOptions;
import tinyllm.tensor.DType;

/**
 * How a kernel is started: how many threads, in which groups, what comes out. {@code Launch.grid(1024).group(256).output(F32, 1024)}.
 *
 * @param grid threads of the whole grid, by dimension: x, y, z
 * @param group threads of a threadgroup, by dimension
 * @param outputs dtype and shape of each output
 * @param template template arguments: an int, a boolean or a {@link DType} by name
 * @param initial what every element of every output holds at the start, or null: undefined
 * @param options of a run on the host
 */
public record Launch(
        int[] grid,
        int[] group,
        List<Output> outputs,
        Map<String, Object> template,
        @Nullable Float initial,
        HostOptions options) {

    /** The most threads that a threadgroup has on an Apple GPU. */
    public static final int MOST_THREADS = 1024;

    /** What an output will be. */
    public record Output(DType dtype, int[] shape) {
        public Output {
            shape = shape.clone();
        }
    }

    public Launch {
        grid = grid.clone();
        group = group.clone();
        outputs = List.copyOf(outputs);
        template = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(template));
    }

    /** A grid of one, two or three dimensions; the group is all of it until {@link #group} says otherwise. */
    public static Launch grid(int... threads) {
        int[] three = three("grid", threads);
        return new Launch(three, three, List.of(), Map.of(), null, HostOptions.DEFAULT);
    }

    public Launch group(int... threads) {
        return new Launch(grid, three("threadgroup", threads), outputs, template, initial, options);
    }

    /** One more output. */
    public Launch output(DType dtype, int... shape) {
        List<Output> more = new ArrayList<>(outputs);
        more.add(new Output(dtype, shape));
        return new Launch(grid, group, more, template, initial, options);
    }

    public Launch template(String name, int value) {
        return with(name, value);
    }

    public Launch template(String name, boolean value) {
        return with(name, value);
    }

    public Launch template(String name, DType value) {
        return with(name, value);
    }

    public Launch initial(float value) {
        return new Launch(grid, group, outputs, template, value, options);
    }

    public Launch options(HostOptions changed) {
        return new Launch(grid, group, outputs, template, initial, changed);
    }

    private Launch with(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(template);
        more.put(name, value);
        return new Launch(grid, group, outputs, more, initial, options);
    }

    private static int[] three(String what, int[] threads) {
        if (threads.length < 1 || threads.length > 3) {
            throw new KernelException("A " + what + " has one to three dimensions, not " + threads.length);
        }
        int[] three = Arrays.copyOf(threads, 3);
        Arrays.fill(three, threads.length, 3, 1);
        return three;
    }

    /**
     * The same rule for all three hosts: Metal would run a partial group, CUDA would round the grid up.
     *
     * @throws KernelException that names the dimension and the numbers
     */
    void check(String kernel) {
        long all = 1;
        for (int d = 0; d < 3; d++) {
            char axis = "xyz".charAt(d);
            if (grid[d] < 1 || group[d] < 1) {
                throw new KernelException(kernel + ": grid and threadgroup need at least one thread along " + axis
                        + ": " + grid[d] + " and " + group[d]);
            }
            if (grid[d] % group[d] != 0) {
                throw new KernelException(kernel + ": the grid's " + grid[d] + " threads along " + axis
                        + " are not a multiple of the threadgroup's " + group[d] + "; take "
                        + (grid[d] / group[d] + 1) * (long) group[d]
                        + ", and let the threads beyond the data do nothing");
            }
            all *= group[d];
        }
        if (all > MOST_THREADS) {
            throw new KernelException(kernel + ": a threadgroup of " + Arrays.toString(group) + " has " + all
                    + " threads; at most " + MOST_THREADS + " are possible");
        }
    }
}
