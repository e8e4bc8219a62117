package tinyllm.lab.grade;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Grades many notebooks, each in guarded processes of its own: a bad one has a verdict like any other.
 *
 * @param jobs how many at a time
 */
public record Grader(Guard guard, int jobs) {

    /** Folders that hold no hand-in: Jupyter's checkpoints, copies put away, executed solutions. */
    private static final Set<String> LEFT_OUT = Set.of("old", "solved", "target", "node_modules");

    /** A notebook and what was found in it. */
    public record Graded(Path notebook, Guard.Report report) {}

    /**
     * The notebooks in a folder and its folders, sorted; a notebook stands for itself.
     *
     * @throws IOException when the folder itself can't be read; one below that can't is passed over
     */
    public static List<Path> notebooks(Path place) throws IOException {
        if (Files.isRegularFile(place)) {
            return List.of(place);
        }
        List<Path> found = new ArrayList<>();
        Files.walkFileTree(place, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                String name = String.valueOf(folder.getFileName());
                boolean skip = !folder.equals(place) && (LEFT_OUT.contains(name) || name.startsWith("."));
                return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = String.valueOf(file.getFileName());
                if (attributes.isRegularFile() && name.endsWith(".ipynb") && !name.startsWith(".")) {
                    found.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (file.equals(place)) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
        Collections.sort(found);
        return found;
    }

    /**
     * Grades notebooks.
     *
     * @param onDone told after each, in the order in which they end
     * @return in the order given
     */
    public List<Graded> grade(List<Path> notebooks, Consumer<Graded> onDone) {
        try (ExecutorService pool = Executors.newFixedThreadPool(jobs)) {
            List<Future<Graded>> open = notebooks.stream()
                    .map(notebook -> pool.submit(() -> {
                        Graded graded = new Graded(notebook, guard.notebook(notebook));
                        onDone.accept(graded);
                        return graded;
                    }))
                    .toList();
            List<Graded> graded = new ArrayList<>();
            for (Future<Graded> each : open) {
                graded.add(each.get());
            }
            return graded;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("grading was interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("grading failed: " + e.getCause(), e);
        }
    }
}
