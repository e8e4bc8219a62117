package tinyllm.lab.grade;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import tinyllm.lab.check.Check;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The guarded process: reads what to check from standard input, and tells each step as one line of JSON. It ends when its parent
 * does. Whatever the checked code prints goes elsewhere; a line that does not begin with the parent's word is not believed.
 */
public final class GuardedMain {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final PrintStream out;
    private final String word;
    private final JsonNode request;

    private GuardedMain(PrintStream out, JsonNode request) {
        this.out = out;
        this.word = request.path("word").asString();
        this.request = request;
    }

    public static void main(String[] args) throws IOException {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        JsonNode request = JSON.readTree(in.readLine());
        Thread.ofPlatform().daemon().name("parent").start(() -> endWith(in));
        try {
            new GuardedMain(out, request).run();
        } catch (IOException | RuntimeException e) {
            new GuardedMain(out, request).tell(Map.of("problem", String.valueOf(e.getMessage())));
        }
        Runtime.getRuntime().halt(0); // hooks and threads of the checked code have no say
    }

    private static void endWith(BufferedReader parent) {
        try {
            while (parent.read() >= 0) {
                // The parent writes nothing more; the end of its stream is the end of its life.
            }
        } catch (IOException e) {
            // The same.
        }
        Runtime.getRuntime().halt(1);
    }

    private void run() throws IOException {
        List<Work> work = work();
        tell(Map.of("plan", work.stream().map(each -> each.exercise().id()).toList()));
        Set<String> skip =
                request.path("skip").valueStream().map(JsonNode::asString).collect(Collectors.toSet());
        for (Work each : work) {
            Exercise<?> exercise = each.exercise();
            if (skip.contains(exercise.id())) {
                continue;
            }
            tell(Map.of("start", exercise.id()));
            Finding finding = find(each);
            tell(Map.of("result", finding.json()));
            if (finding.cause().equals("deadline")) {
                tell(Map.of("again", true)); // its thread may still run: the others get a fresh process
                return;
            }
        }
        tell(Map.of("end", true));
    }

    private List<Work> work() throws IOException {
        if (request.has("notebook")) {
            return NotebookWork.of(Path.of(request.path("notebook").asString()));
        }
        List<Work> work = new ArrayList<>();
        request.path("answers")
                .forEachEntry((id, file) -> work.add(new FileWork(Exercises.get(id), Path.of(file.asString()))));
        return work;
    }

    private Finding find(Work work) {
        Exercise<?> exercise = work.exercise();
        try {
            CheckResult result = new Check<>(exercise, deadline(exercise)).run(work.compile()::answer);
            return Finding.of(exercise, result, deadline(exercise));
        } catch (Work.Unrun e) {
            return Finding.unrun(exercise, e.mark(), "", String.valueOf(e.getMessage()));
        } catch (RuntimeException | Error e) {
            return Finding.unrun(exercise, Mark.UNCHECKABLE, "", "It can't be compiled: " + e + ".");
        }
    }

    private Duration deadline(Exercise<?> exercise) {
        return request.has("deadline_ms")
                ? Duration.ofMillis(request.path("deadline_ms").asLong())
                : exercise.deadline();
    }

    private void tell(Map<String, ?> event) {
        out.print(word + " " + JSON.writeValueAsString(new LinkedHashMap<>(event)) + "\n");
        out.flush();
    }
}
