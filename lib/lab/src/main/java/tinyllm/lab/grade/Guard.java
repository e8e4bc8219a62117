package tinyllm.lab.grade;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.mine.Kept;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Checks answers in a process of their own. One that never ends, ends its process, crashes in native code or eats the memory gets
 * its verdict, and a fresh process goes on with the next.
 *
 * @param limits what an answer may take
 */
public record Guard(Limits limits) {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Beyond the deadline of a check: compiling, and the check's own work. */
    private static final Duration GRACE = Duration.ofSeconds(45);

    /** For a process to start and to read a notebook, on a machine that is busy. */
    private static final Duration START = Duration.ofSeconds(120);

    /**
     * What one answer may take.
     *
     * @param deadline of a whole check; null for the exercise's own
     * @param memoryBytes of the process, all of it
     */
    public record Limits(@org.jspecify.annotations.Nullable Duration deadline, long memoryBytes) {

        public static final Limits STANDARD = new Limits(null, 2L << 30);

        public Limits {
            if (deadline != null && (deadline.isNegative() || deadline.isZero())) {
                throw new IllegalArgumentException("a deadline is more than 0 s, not " + deadline.toMillis() + " ms");
            }
            if (memoryBytes < 512L << 20) {
                throw new IllegalArgumentException("the memory limit must be 512 MB or more, but is " + memoryBytes
                        + " bytes: a JVM with the library needs that much itself");
            }
        }
    }

    /**
     * What was found in one notebook, or in the kept files.
     *
     * @param problem why nothing could be read; empty when all is well
     */
    public record Report(List<Finding> findings, String problem) {
        public Report {
            findings = List.copyOf(findings);
        }

        public long count(Mark mark) {
            return findings.stream().filter(finding -> finding.mark() == mark).count();
        }
    }

    /** Checks the answers in a notebook, which is read and never run. */
    public Report notebook(Path notebook) {
        return run(Map.of("notebook", notebook.toAbsolutePath().toString()));
    }

    /** Checks kept answers. */
    public Report answers(List<Kept.Answer> answers) {
        if (answers.isEmpty()) {
            return new Report(List.of(), "");
        }
        Map<String, String> files = new LinkedHashMap<>();
        answers.forEach(answer ->
                files.put(answer.exercise().id(), answer.file().toAbsolutePath().toString()));
        return run(Map.of("answers", files));
    }

    private Report run(Map<String, ?> what) {
        Round round = new Round();
        try {
            while (round.goesOn) {
                round.goesOn = false;
                Map<String, Object> request = new LinkedHashMap<>(what);
                request.put("skip", round.done);
                if (limits.deadline() != null) {
                    request.put("deadline_ms", limits.deadline().toMillis());
                }
                String word = UUID.randomUUID().toString();
                request.put("word", word);
                try (GuardedProcess process = GuardedProcess.start(limits.memoryBytes())) {
                    process.send(JSON.writeValueAsString(request));
                    round.follow(process, word);
                }
            }
        } catch (IOException e) {
            round.problem = "the guarded process can't be started: " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            round.problem = "interrupted";
        }
        return new Report(round.inOrder(), round.problem);
    }

    /** The state over the processes that one request takes. */
    private final class Round {
        private final Map<String, Finding> findings = new LinkedHashMap<>();
        private final Set<String> done = new HashSet<>();
        private List<String> plan = List.of();
        private String problem = "";
        private String running = "";
        private boolean goesOn = true;

        /** Until the process ends; then {@code goesOn} says whether another has to follow. */
        void follow(GuardedProcess process, String word) throws InterruptedException {
            Duration wait = START;
            running = "";
            while (true) {
                GuardedProcess.Line line = process.next(wait);
                if (line.end() != GuardedProcess.End.NONE) {
                    ended(process, line.end());
                    return;
                }
                if (!line.text().startsWith(word + " ")) {
                    continue;
                }
                JsonNode event = event(line.text().substring(word.length() + 1));
                if (event.has("plan")) {
                    plan = event.path("plan")
                            .valueStream()
                            .map(JsonNode::asString)
                            .toList();
                } else if (event.has("start")) {
                    running = event.path("start").asString();
                    wait = deadline(running).plus(GRACE);
                } else if (event.has("result")) {
                    keep(Finding.read(event.path("result")));
                    running = "";
                    wait = START;
                } else if (event.has("problem")) {
                    problem = event.path("problem").asString();
                    return;
                } else if (event.has("again") || event.has("end")) {
                    goesOn = event.has("again");
                    return;
                }
            }
        }

        private void keep(Finding finding) {
            findings.put(finding.id(), finding);
            done.add(finding.id());
        }

        private void ended(GuardedProcess process, GuardedProcess.End end) {
            if (running.isEmpty()) {
                String why = end == GuardedProcess.End.SILENT ? "it took more than " + START.toSeconds() + " s" : "";
                problem = "the process that reads it ended: " + (why.isEmpty() ? process.words(end) : why);
                return;
            }
            Exercise<?> exercise = Exercises.get(running);
            keep(Finding.unrun(
                    exercise,
                    Mark.CRASHED,
                    process.cause(end),
                    end == GuardedProcess.End.SILENT
                            ? "The answer did not finish within "
                                    + deadline(running).toSeconds() + " s, and could not be stopped."
                            : "The answer " + process.words(end) + "."));
            goesOn = done.size() < plan.size();
        }

        private Duration deadline(String id) {
            Duration own = limits.deadline();
            return own != null ? own : Exercises.get(id).deadline();
        }

        private List<Finding> inOrder() {
            List<Finding> ordered = new ArrayList<>();
            for (String id : plan) {
                if (findings.containsKey(id)) {
                    ordered.add(findings.get(id));
                }
            }
            return ordered;
        }
    }

    private static JsonNode event(String text) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            return JSON.createObjectNode();
        }
    }
}
