package tinyllm.engine;

import java.util.List;
import tinyllm.course.ReferenceUse;

/** Admits from the head of the queue, as long as there is room. */
public final class HeadOfQueue implements JoinFn {

    @Override
    public int join(List<Sequence> waiting, int places, int budget, int freePages, int pageTokens) {
        ReferenceUse.note("2.6 join");
        int joined = 0;
        for (Sequence next : waiting) {
            int pages = next.pagesFor(next.missing() + 1, pageTokens);
            if (joined == places || next.missing() > budget || pages > freePages) {
                break;
            }
            budget -= next.missing();
            freePages -= pages;
            joined++;
        }
        return joined;
    }
}
