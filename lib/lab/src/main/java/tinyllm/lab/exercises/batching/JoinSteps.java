package tinyllm.lab.exercises.batching;

import java.util.List;
import tinyllm.engine.JoinFn;
import tinyllm.engine.Sequence;

/** Admission, each decision a method of its own: a wrong answer takes one of them differently. */
class JoinSteps implements JoinFn {

    int tokens(Sequence next) {
        return next.missing();
    }

    int pages(Sequence next, int pageTokens) {
        return Math.ceilDiv(next.missing() + 1, pageTokens);
    }

    boolean affordable(int tokens, int budget) {
        return tokens <= budget;
    }

    int budgetAfter(int budget, int tokens) {
        return budget - tokens;
    }

    int pagesAfter(int free, int pages) {
        return free - pages;
    }

    /** Whether those behind one without room are looked at. */
    boolean goesOn() {
        return false;
    }

    @Override
    public final int join(List<Sequence> waiting, int places, int budget, int freePages, int pageTokens) {
        int joined = 0;
        for (Sequence next : waiting) {
            int pages = pages(next, pageTokens);
            if (joined == places) {
                break;
            }
            if (!affordable(tokens(next), budget) || pages > freePages) {
                if (goesOn()) {
                    continue;
                }
                break;
            }
            budget = budgetAfter(budget, tokens(next));
            freePages = pagesAfter(freePages, pages);
            joined++;
        }
        return joined;
    }
}
