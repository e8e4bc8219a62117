package tinyllm.server;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tinyllm.engine.EngineOptions;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.server.http.HttpSettings;

/** A supervisor in a process of its own, with a child that serves a tiny model: arguments are the model, the port and "child". */
final class SupervisedMain {

    private SupervisedMain() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        HttpSettings settings = HttpSettings.loopback(Integer.parseInt(args[1]));
        Duration drain = Duration.ofSeconds(10);
        if (args.length > 2) {
            Child child = new Child(System.in, System.out);
            CausalLm model = Models.load(args[0]);
            child.serve(
                    port -> ApiServer.start(model, EngineOptions.standard(), settings.port(port), new TextProtocol()),
                    drain,
                    Duration.ofSeconds(60));
            System.exit(0);
        }
        List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), SupervisedMain.class.getName()));
        command.addAll(List.of(args));
        command.add("child");
        Path reports = flags.stream()
                .filter(flag -> flag.startsWith("-XX:ErrorFile="))
                .map(flag -> Path.of(flag.substring("-XX:ErrorFile=".length())).getParent())
                .findFirst()
                .orElseThrow();
        int code = new Supervisor(
                        command,
                        settings,
                        drain,
                        reports,
                        port -> System.out.println("port " + port),
                        System.err::println)
                .run();
        System.exit(code);
    }
}
