package tinyllm.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tinyllm.kernel.KernelException;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.host.HostReport;
import tinyllm.lab.chart.ColorMap;
import tinyllm.lab.chart.HeatMaps;
import tinyllm.lab.exercises.paged.PagedInputs;
import tinyllm.lab.exercises.paged.PagedKernels;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/** Which keys of which pages a learner's kernel reads, watched on the host (chapter 3.2). */
public final class PageReaders {

    private static final int PAGE = 8;
    private static final int MOST_KEYS = 128;
    private static final int SIMD = 32;
    private static final int K_BUFFER = 1;

    private PageReaders() {}

    /**
     * A map of all pages in memory, with a text's keys in some of them; the colour is the SIMD group that reads a key, from 1; grey is read by
     * nobody.
     *
     * @param source a kernel as exercise "3.2 decode" asks for: {@code KernelSources.of("3.2 decode", MyDecode::new)}
     * @param keys 1 to 128, in pages of 8
     */
    public static Picture of(String source, int keys) {
        if (keys < 1 || keys > MOST_KEYS) {
            throw new IllegalArgumentException("1 to " + MOST_KEYS + " keys can be shown, not " + keys);
        }
        PagedInputs in = PagedInputs.draw(1, 1, 1, PAGE, 1, keys);
        KernelRun run = PagedKernels.call(source, in.q(), in.k(), in.v(), in.table(), in.counts(), PagedKernels.GROUPS)
                .options(KeyReaders.watched(keys))
                .inspect();
        if (!run.report().clean()) {
            throw new KernelException(run.report().sentences());
        }
        int pages = in.k().dim(0);
        float[][] readers = readers(run.report().touches(), pages);
        int[] table = in.pages(0);
        int read = count(readers);
        String title = String.format(
                Locale.ROOT, "%d of %d keys read, in %d of %d pages", read, keys, pagesRead(readers), pages);
        List<String> rows =
                IntStream.range(0, pages).mapToObj(page -> label(page, table)).toList();
        List<String> columns =
                IntStream.range(0, PAGE).mapToObj(Integer::toString).toList();
        return HeatMaps.single(
                title,
                Tensor.of(readers),
                rows,
                columns,
                ColorMap.RISING,
                "page [place in the table]",
                "place in the page");
    }

    /** A page's number, and where in the text's table it stands. */
    private static String label(int page, int[] table) {
        for (int i = 0; i < table.length; i++) {
            if (table[i] == page) {
                return page + " [" + i + "]";
            }
        }
        return Integer.toString(page);
    }

    private static int count(float[][] readers) {
        int count = 0;
        for (float[] page : readers) {
            for (float reader : page) {
                count += Float.isNaN(reader) ? 0 : 1;
            }
        }
        return count;
    }

    private static long pagesRead(float[][] readers) {
        return Arrays.stream(readers)
                .filter(page -> IntStream.range(0, PAGE).anyMatch(i -> !Float.isNaN(page[i])))
                .count();
    }

    /** {@code [pages, places]}: the SIMD group that first reads a key, from 1; NaN for none. */
    private static float[][] readers(List<HostReport.Touch> touches, int pages) {
        float[][] readers = new float[pages][PAGE];
        for (float[] page : readers) {
            Arrays.fill(page, Float.NaN);
        }
        for (HostReport.Touch touch : touches) {
            int row = (int) (touch.element() / PagedInputs.HEAD);
            if (touch.buffer() == K_BUFFER && !touch.write() && Float.isNaN(readers[row / PAGE][row % PAGE])) {
                readers[row / PAGE][row % PAGE] = 1 + touch.thread() / SIMD;
            }
        }
        return readers;
    }
}
