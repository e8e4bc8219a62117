package tinyllm.lab;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.KernelSet;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Live;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.tensor.Device;

/** The same weights as a chapter's model on fast kernels, loaded once: what an engine serves with. */
final class FastModel {

    private static @Nullable CausalLm last;

    private FastModel() {}

    /** The model itself when its kernels are fast already; else its file again, which takes some seconds the first time. */
    static synchronized CausalLm of(CausalLm model) {
        KernelSet fast = KernelSet.standard(Device.current());
        if (model.kernels() == fast) {
            return model;
        }
        CausalLm known = last;
        if (known == null || !known.name().equals(model.name())) {
            try (Live live = new Live()) {
                live.show(() -> Html.of("Loading " + model.name() + " for the kernels \"" + fast.word() + "\" …"));
                known = Models.load(model.name(), fast, LoadListener.NONE);
                live.show(() -> Html.of(model.name() + " is ready on the kernels \"" + fast.word() + "\"."));
            }
            last = known;
        }
        return Objects.requireNonNull(known);
    }
}
