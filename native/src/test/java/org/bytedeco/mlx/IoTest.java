package org.bytedeco.mlx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.mlx.HeadersTest.floats;
import static org.bytedeco.mlx.global.mlx.*;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoTest {
    @TempDir
    Path folder;

    private static ArrayMap weights() {
        ArrayMap map = new ArrayMap();
        map.put("a", new array(new float[] {1, 2}, new Shape(2)));
        map.put("größe", new array(new float[] {3}, new Shape(1)));
        return map;
    }

    @Test
    void safetensorsFile() {
        StringStringMap metadata = new StringStringMap();
        metadata.put("format", "mlx");
        String file = folder.resolve("w.safetensors").toString();
        save_safetensors(file, weights(), metadata);
        SafetensorsLoad loaded = load_safetensors(file);
        assertThat(loaded.first().names()).containsExactlyInAnyOrder("a", "größe");
        assertThat(floats(loaded.first().get("größe"))).containsExactly(3);
        assertThat(loaded.second().get("format")).isEqualTo("mlx");
    }

    @Test
    void safetensorsInMemory() {
        MemoryWriter writer = new MemoryWriter();
        save_safetensors(writer, weights(), new StringStringMap());
        ArrayMap loaded = load_safetensors(writer.data(), writer.size()).first();
        writer.close();
        assertThat(floats(loaded.get("a"))).containsExactly(1, 2);
    }

    @Test
    void npyInMemory() {
        MemoryWriter writer = new MemoryWriter();
        save(writer, new array(new float[] {4, 5}, new Shape(2)));
        assertThat(floats(load(writer.data(), writer.size()))).containsExactly(4, 5);
        assertThatThrownBy(() -> floats(load(writer.data(), writer.size() - 4))).hasMessageContaining("bytes end");
    }

    @Test
    void ggufFile() {
        GgufContent content = new GgufContent();
        content.arrays().put("w", new array(new float[] {1, 2, 3}, new Shape(3)));
        content.put_string("general.name", "tiny");
        content.put_strings("tokens", new StringVector("a", "b"));
        content.put_array("count", new array(new int[] {7}, new Shape(1)));
        String file = folder.resolve("w.gguf").toString();
        save_gguf(file, content);
        GgufContent loaded = load_gguf(file);
        assertThat(floats(loaded.arrays().get("w"))).containsExactly(1, 2, 3);
        assertThat(loaded.get_string("general.name")).isEqualTo("tiny");
        assertThat(strings(loaded.get_strings("tokens"))).containsExactly("a", "b");
        assertThat(strings(loaded.keys())).contains("general.name", "tokens", "count");
        assertThat(loaded.kind("tokens")).isEqualTo(3);
        assertThatThrownBy(() -> loaded.get_string("tokens")).hasMessageContaining("not a string");
        assertThatThrownBy(() -> loaded.get_string("none")).hasMessageContaining("none");
    }
}
