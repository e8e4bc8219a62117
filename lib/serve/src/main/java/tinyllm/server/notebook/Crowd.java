package tinyllm.server.notebook;

import java.util.ArrayList;
import java.util.List;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Live;
import tinyllm.load.Sample;
import tinyllm.load.Watcher;

/** The visitors of one load while they come and go: their texts, how many there are, and an end when a learner's code has thrown. */
final class Crowd implements Watcher {

    private final String name;
    private final NotebookServer server;
    private final List<Visitors.One> all;
    private final Live live;
    private final List<StringBuilder> texts; // each filled by one request's thread, and read when that has ended
    private final List<Visit> visits = new ArrayList<>();

    Crowd(String name, NotebookServer server, Visitors visitors, Live live) {
        this.name = name;
        this.server = server;
        this.all = visitors.all();
        this.live = live;
        this.texts = all.stream().map(one -> new StringBuilder()).toList();
    }

    @Override
    public void sent(int request) {
        server.rethrow();
        live.show(() -> Html.of(name + ": " + (request + 1) + " visitors have come"));
    }

    @Override
    public boolean stays(int request, int events) {
        return events < all.get(request).leavesAfter();
    }

    @Override
    public void text(int request, String piece) {
        texts.get(request).append(piece);
    }

    @Override
    public void ended(Sample sample) {
        int request = sample.request();
        visits.add(
                Visit.of(sample, texts.get(request).toString(), all.get(request).leavesAfter()));
        int gone = visits.size();
        live.show(() -> Html.of(name + ": " + gone + " of " + all.size() + " are gone"));
    }

    /** Those who are gone, in the order of their coming. */
    List<Visit> visits() {
        return List.copyOf(visits);
    }
}
