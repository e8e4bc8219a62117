package tinyllm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.bench.Benchmark;
import tinyllm.bench.CourseReport;
import tinyllm.bench.Plan;
import tinyllm.bench.Runner;
import tinyllm.bench.Stage;
import tinyllm.bench.StageRunner;
import tinyllm.lab.chart.BarPainter;
import tinyllm.lab.chart.LinePainter.Level;
import tinyllm.lab.view.Picture;

/** {@code bench course}: runs the ladder, draws it, and tells it. */
final class CourseBench {

    private final OutputOptions output;
    private final Plan plan;
    private final List<Runner> peers;
    private final int rounds;
    private final int requests;
    private final Path png;

    CourseBench(OutputOptions output, Plan plan, List<Runner> peers, int rounds, int requests, @Nullable String out) {
        if (requests < 1) {
            throw CommandException.wrongUsage("--requests must be 1 or more, but is " + requests);
        }
        this.output = output;
        this.plan = plan;
        this.peers = peers;
        this.rounds = rounds;
        this.requests = requests;
        this.png = PanelSheet.file(out, "course.png");
    }

    int run() throws IOException, InterruptedException {
        List<Stage> stages = Stage.ladder();
        List<Runner> runners = new ArrayList<>();
        stages.forEach(stage -> runners.add(new StageRunner(stage, requests)));
        runners.addAll(peers);
        CourseReport course = new CourseReport(new Benchmark(plan, runners, rounds).run(output::note), stages);
        PanelSheet.write(picture(course), png);
        Map<String, Object> json = new LinkedHashMap<>(course.json());
        json.put("requests", requests);
        json.put("png", png.toString());
        output.result(json, out -> table(out, course));
        return 0;
    }

    private Picture picture(CourseReport course) {
        List<String> labels = new ArrayList<>();
        List<Double> alone = new ArrayList<>();
        List<Double> together = new ArrayList<>();
        for (Stage stage : course.stages()) {
            labels.add(stage.name());
            alone.add(course.tokensPerSecond(stage));
            together.add(course.allTokensPerSecond(stage));
        }
        for (String peer : course.peers()) {
            labels.add(peer.replaceAll(" .*", ""));
            alone.add(course.report().median(peer));
            together.add(0.0); // peers answer the one prompt alone
        }
        Map<String, double[]> rates = new LinkedHashMap<>();
        rates.put("one request", values(alone));
        rates.put(requests + " requests", values(together));
        Stage last = course.stages().getLast();
        String text = String.format(
                Locale.ROOT,
                "%s writes %.1f tokens/s for one request with all of the ladder, %.1f times week 1's %.1f; reading its weights"
                        + " at the machine's speed would allow %.0f. %d requests get %.1f tokens/s, %.0f times week 1's.",
                plan.model(),
                course.tokensPerSecond(last),
                course.overWeek1(last),
                course.tokensPerSecond(course.stages().getFirst()),
                course.ceiling(),
                requests,
                course.allTokensPerSecond(last),
                course.requestsOverWeek1(last));
        return BarPainter.paint(
                String.format(
                        Locale.ROOT,
                        "One request gets %.0f times faster than in week 1, %d together %.0f times",
                        course.overWeek1(last),
                        requests,
                        course.requestsOverWeek1(last)),
                "step of the course",
                "tokens/s",
                labels,
                rates,
                List.of(new Level("ceiling of one", course.ceiling(), false)),
                text);
    }

    private static double[] values(List<Double> rates) {
        return rates.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private void table(PrintWriter out, CourseReport course) {
        out.printf(
                "%s, %d tokens of prompt, %d written, %d threads, %s%n",
                plan.model(),
                plan.promptTokens(),
                plan.newTokens(),
                plan.threads(),
                course.report().machine().cpu());
        out.printf(
                "%-16s %10s %8s %12s %8s %8s %10s%n",
                "step", "tokens/s", "week 1 ×", "requests/s", "week 1 ×", "growth", "weights");
        for (Stage stage : course.stages()) {
            out.printf(
                    Locale.ROOT,
                    "%-16s %10.2f %8.1f %12.3f %8.1f %8.2f %10s%n",
                    stage.name(),
                    course.tokensPerSecond(stage),
                    course.overWeek1(stage),
                    course.requestsPerSecond(stage),
                    course.requestsOverWeek1(stage),
                    course.growth(stage),
                    Bytes.text((long) course.report().median(stage.name(), "weight_bytes")));
        }
        for (String peer : course.peers()) {
            out.printf(
                    Locale.ROOT,
                    "%-16s %10.2f%n",
                    peer.replaceAll(" .*", ""),
                    course.report().median(peer));
        }
        out.printf(Locale.ROOT, "%-16s %10.2f%n", "ceiling", course.ceiling());
        out.printf("growth: 2 when the time for n tokens grows with n², 1 with n. Chart: %s%n", png);
    }
}
