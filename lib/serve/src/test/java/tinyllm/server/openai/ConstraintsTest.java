package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import tinyllm.text.ByteTokenizer;
import tinyllm.text.Tokenizer;

class ConstraintsTest {

    /** What the first request with a schema would have waited for. */
    @Test
    void warmsUp() {
        Constraints constraints = new Constraints(ByteTokenizer.create());
        assertThat(constraints.isWarm()).isFalse();
        constraints.warmUp();
        assertThat(constraints.isWarm()).isTrue();
    }

    /** A virtual thread would keep its carrier for as long as a schema takes. */
    @Test
    void isMadeOffTheThreadThatAsks() throws InterruptedException {
        Tokenizer bytes = ByteTokenizer.create();
        Set<Thread> used = ConcurrentHashMap.newKeySet();
        Tokenizer watched = (Tokenizer) Proxy.newProxyInstance(
                Tokenizer.class.getClassLoader(), new Class<?>[] {Tokenizer.class}, (proxy, method, args) -> {
                    used.add(Thread.currentThread());
                    return method.invoke(bytes, args);
                });
        Constraints constraints = new Constraints(watched);
        ResponseFormat any = new ResponseFormat("json_object", "response_format", null);
        Tool.Use none = new Tool.Use(List.of(), false, true);
        Thread asking = Thread.ofVirtual().start(() -> constraints.of(any, none));
        asking.join();
        assertThat(used).isNotEmpty().doesNotContain(asking).noneMatch(Thread::isVirtual);
        assertThat(constraints.of(any, none)).isSameAs(constraints.of(any, none));
    }
}
