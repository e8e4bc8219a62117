package tinyllm.model;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.text.ChatTemplate;
import tinyllm.text.Tokenizer;

/** What a checkpoint brings besides weights; either may be missing, which is an error when it is asked for. */
record TextFiles(
        String model,
        @Nullable Tokenizer maybeTokenizer,
        @Nullable ChatTemplate maybeTemplate,
        Set<Integer> eosIds) {

    TextFiles {
        eosIds = Set.copyOf(eosIds);
    }

    TextFiles with(Tokenizer other) {
        return new TextFiles(model, other, maybeTemplate, eosIds);
    }

    Tokenizer tokenizer() {
        if (maybeTokenizer == null) {
            throw new IllegalStateException(model
                    + " has no tokenizer: put its tokenizer.json beside the weights, or use a GGUF file that"
                    + " holds one");
        }
        return maybeTokenizer;
    }

    ChatTemplate chatTemplate() {
        if (maybeTemplate == null) {
            throw new IllegalStateException(model + " has no chat template: give the prompt as it stands (--raw)");
        }
        return maybeTemplate;
    }
}
