package tinyllm.lab.exercises.prefix;

import java.util.Arrays;
import tinyllm.cache.SharedPages;

/** Counted owners in small parts, so that a wrong answer differs from the right one in one of them. */
class OwnersSteps implements SharedPages {

    int[] owners = {};

    @Override
    public void begin(int count) {
        owners = new int[count];
    }

    @Override
    public int take() {
        for (int page = 0; page < owners.length; page++) {
            if (owners[page] == 0) {
                owners[page] = first();
                return page;
            }
        }
        throw new IllegalStateException("no page is free");
    }

    int first() {
        return 1;
    }

    @Override
    public void share(int page) {
        owners[owned(page)]++;
    }

    @Override
    public int write(int page) {
        if (staysHere(owned(page))) {
            return page;
        }
        int copy = take();
        left(page);
        return copy;
    }

    boolean staysHere(int page) {
        return owners[page] == 1;
    }

    void left(int page) {
        owners[page]--;
    }

    @Override
    public void release(int page) {
        owners[owned(page)]--;
    }

    int owned(int page) {
        if (owners[page] == 0) {
            throw new IllegalStateException("the page is free");
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
