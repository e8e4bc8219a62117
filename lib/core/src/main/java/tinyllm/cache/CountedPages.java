package tinyllm.cache;

import java.util.Arrays;
import tinyllm.course.ReferenceUse;

/** A number of owners for each page, which is all that sharing takes. {@link PagePool} adds a list of the free ones. */
public final class CountedPages implements SharedPages {

    private int[] owners = {};

    @Override
    public void begin(int count) {
        ReferenceUse.note("4.2 owners");
        owners = new int[count];
    }

    @Override
    public int take() {
        for (int page = 0; page < owners.length; page++) {
            if (owners[page] == 0) {
                owners[page] = 1;
                return page;
            }
        }
        throw new IllegalStateException("none of the " + owners.length + " pages is free");
    }

    @Override
    public void share(int page) {
        owners[owned(page)]++;
    }

    @Override
    public int write(int page) {
        if (owners[owned(page)] == 1) {
            return page;
        }
        int copy = take();
        owners[page]--;
        return copy;
    }

    @Override
    public void release(int page) {
        owners[owned(page)]--;
    }

    private int owned(int page) {
        if (owners[page] == 0) {
            throw new IllegalStateException("page " + page + " is free: it has no owner");
        }
        return page;
    }

    @Override
    public int owners(int page) {
        return owners[page];
    }

    @Override
    public int free() {
        return (int) Arrays.stream(owners).filter(count -> count == 0).count();
    }
}
