package tinyllm.weights;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** GGUF's tensor names in the words of Hugging Face checkpoints. A name that has no such word stays as it is. */
final class GgufNames {
    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d{1,6})\\.([a-z0-9_]+)\\.(weight|bias)");
    private static final Pattern OUTER = Pattern.compile("([a-z0-9_]+)\\.(weight|bias)");
    private static final Map<String, String> IN_BLOCK = Map.ofEntries(
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("ffn_norm", "post_attention_layernorm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"));
    private static final Map<String, String> OUTSIDE =
            Map.of("token_embd", "model.embed_tokens", "output_norm", "model.norm", "output", "lm_head");

    private GgufNames() {}

    static String translate(String name) {
        Matcher block = BLOCK.matcher(name);
        if (block.matches() && IN_BLOCK.containsKey(block.group(2))) {
            return "model.layers." + Integer.parseInt(block.group(1)) + "." + IN_BLOCK.get(block.group(2)) + "."
                    + block.group(3);
        }
        Matcher outer = OUTER.matcher(name);
        if (outer.matches() && OUTSIDE.containsKey(outer.group(1))) {
            return OUTSIDE.get(outer.group(1)) + "." + outer.group(2);
        }
        return name;
    }
}
