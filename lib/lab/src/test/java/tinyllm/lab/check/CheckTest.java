package tinyllm.lab.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** What an answer may do to a check, and what the check makes of it. */
class CheckTest {

    /** Doubles a matrix. */
    interface Doubling {
        Tensor twice(Tensor x);
    }

    interface Sorting {
        int[] sorted(int[] values);
    }

    private static final class Library implements Doubling {
        @Override
        public Tensor twice(Tensor x) {
            ReferenceUse.note("9.9 double");
            return x.mul(2);
        }
    }

    @NullUnmarked // what a learner may write all the same
    private static final class ReturnsNull implements Doubling {
        @Override
        public Tensor twice(Tensor x) {
            return null;
        }
    }

    private static final Exercise<Doubling> DOUBLE = Exercise.of("9.9 double", Doubling.class)
            .title("Twice as much")
            .reference(Library::new)
            .hint("Add it to itself.")
            .check(Case.of("a matrix", seed -> new Draw(seed).normal(2, 3), Doubling::twice))
            .check(Case.of("a square", seed -> new Draw(seed).normal(2, 2), Doubling::twice))
            .mistake("squared", "Entry {index} is squared: {actual}, not {expected}.", () -> Tensor::square)
            .mistake("one", "Row {row}, column {column} is x itself.", () -> x -> x)
            .build();

    private static final Exercise<Sorting> SORT = Exercise.of("9.9 sort", Sorting.class)
            .title("In rising order")
            .reference(() -> values -> Arrays.stream(values).sorted().toArray())
            .hint("Arrays.sort.")
            .check(Case.of("ten", seed -> new Draw(seed).ids(10, 100), Sorting::sorted))
            .build();

    private static final Sorting REFUSING = values -> {
        throw new IllegalArgumentException("nothing to sort");
    };

    private static final Exercise<Sorting> REFUSE = Exercise.of("9.9 refuse", Sorting.class)
            .title("Nothing to sort")
            .reference(() -> REFUSING)
            .hint("Throw.")
            .check(Case.refused("empty", seed -> new int[0], Sorting::sorted, IllegalArgumentException.class))
            .build();

    private static final Exercise<Doubling> SUMS = Exercise.of("9.9 sums", Doubling.class)
            .title("The sum of each row")
            .reference(() -> x -> x.sumKeep(-1))
            .hint("sumKeep")
            .check(Case.of("a matrix", seed -> new Draw(seed).normal(2, 3), Doubling::twice))
            .check(Case.of("a wide matrix", seed -> new Draw(seed).normal(2, 5), Doubling::twice))
            .check(Case.of("two columns", seed -> Tensor.zeros(DType.F32, 3, 2).add(1), Doubling::twice))
            .mistake("all ones", "Every sum is 1.", () -> x -> Tensor.ones(DType.F32, x.dim(0), 1))
            .build();

    private static CheckResult check(Supplier<?> answer) {
        return new Check<>(DOUBLE, Duration.ofSeconds(20)).run(answer);
    }

    private static CheckResult run(Doubling answer) {
        return check(() -> answer);
    }

    @AfterEach
    void interruptIsGone() {
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void correct() {
        CheckResult result = run(x -> x.add(x));

        assertThat(result.outcome()).isEqualTo(Outcome.CORRECT);
        assertThat(result.solved()).isTrue();
        assertThat(result.rows()).hasSize(2);
        assertThat(result.text()).startsWith("✔ 9.9 double: correct").contains("[2, 3] f32");
    }

    @Test
    void notAttempted() {
        CheckResult result = run(x -> {
            throw new TodoException("double it");
        });

        assertThat(result.outcome()).isEqualTo(Outcome.NOT_ATTEMPTED);
        assertThat(result.text())
                .startsWith("○ 9.9 double: not solved yet")
                .contains("double it", "hint(\"9.9 double\")");
    }

    @Test
    void aKnownMistakeIsNamed() {
        CheckResult result = run(x -> x.mul(x));

        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.mistake()).isEqualTo("squared");
        assertThat(result.message()).startsWith("Entry [0, 0] is squared: ").doesNotContain("{");
    }

    @Test
    void anUnknownMistakeTellsTheNumbers() {
        CheckResult result = run(x -> x.mul(3));

        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.mistake()).isNull();
        assertThat(result.message()).startsWith("Case \"a matrix\": ").contains("[0, 0]");
        assertThat(result.rows().getFirst().maxError()).isGreaterThan(0.01);
    }

    @Test
    void returnsNull() {
        CheckResult result = check(ReturnsNull::new);

        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.message()).contains("null", "[2, 3]");
    }

    @Test
    void wrongShape() {
        assertThat(run(x -> x.mul(2).T()).message()).contains("[3, 2]", "[2, 3]");
    }

    @Test
    void wrongDtype() {
        CheckResult result = run(x -> x.mul(2).astype(DType.F16));

        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.message()).containsIgnoringCase("f16");
    }

    @Test
    void notANumber() {
        assertThat(run(x -> x.mul(Double.NaN)).message()).containsIgnoringCase("nan");
    }

    @Test
    void throwsItsOwn() {
        CheckResult result = run(x -> {
            throw new IllegalStateException("boom <b>");
        });

        assertThat(result.outcome()).isEqualTo(Outcome.CRASHED);
        assertThat(result.message()).contains("IllegalStateException: boom <b>");
        assertThat(result.html()).contains("boom &lt;b&gt;").doesNotContain("<b>");
    }

    @Test
    void throwsInsideTheLibrary() {
        CheckResult result = run(x -> x.matmul(Tensor.ones(DType.F32, 7, 7)));

        assertThat(result.outcome()).isEqualTo(Outcome.CRASHED);
        assertThat(result.message()).contains("7");
    }

    @Test
    void callsItselfForEver() {
        Doubling[] self = new Doubling[1];
        self[0] = x -> self[0].twice(x).add(x);

        assertThat(run(self[0]).message()).contains("StackOverflowError");
    }

    @Test
    void keepsStateBetweenCalls() {
        Tensor[] first = new Tensor[1];
        CheckResult result = run(x -> {
            first[0] = first[0] == null ? x.mul(2) : first[0];
            return first[0];
        });

        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.message()).contains("earlier call");
    }

    @Test
    void countsItsCalls() {
        int[] calls = {0};
        CheckResult result = run(x -> x.mul(calls[0]++ < 2 ? 2 : 5));

        assertThat(result.message()).contains("another result the second time");
    }

    @Test
    void knowsOnlyTheShownNumbers() {
        Case<Doubling> shown = DOUBLE.cases().getFirst();
        Tensor learned =
                Tensor.of(new Draw(shown.shownSeed()).normal(2, 3).mul(2).toFloats(), 2, 3);

        assertThat(run(x -> learned).outcome()).isEqualTo(Outcome.INCORRECT);
    }

    @Test
    void changesItsInput() {
        Sorting inPlace = values -> {
            Arrays.sort(values);
            return values;
        };

        CheckResult result = new Check<>(SORT).run(() -> inPlace);
        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.message()).contains("changes what it was given: values[", "work on a copy");
        assertThat(result.wrong()).isNull();
    }

    @Test
    void leavesItsInputAlone() {
        Sorting onACopy = values -> Arrays.stream(values).sorted().toArray();

        assertThat(new Check<>(SORT).run(() -> onACopy).outcome()).isEqualTo(Outcome.CORRECT);
    }

    @Test
    void acceptsWhatShouldBeRefused() {
        CheckResult result = new Check<>(REFUSE).run(() -> (Sorting) values -> values.clone());

        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.message()).contains("refused by an IllegalArgumentException", "a int[] came");
    }

    @Test
    void refusesWhatShouldBeRefused() {
        assertThat(new Check<>(REFUSE).run(() -> (Sorting) REFUSING).outcome()).isEqualTo(Outcome.CORRECT);
    }

    @Test
    void throwsAnotherExceptionThanTheOneAskedFor() {
        CheckResult result = new Check<>(REFUSE).run(() -> (Sorting) values -> {
            throw new IllegalStateException("no");
        });

        assertThat(result.outcome()).isEqualTo(Outcome.CRASHED);
        assertThat(result.message())
                .contains("should be refused by an IllegalArgumentException", "IllegalStateException: no");
    }

    @Test
    @SuppressWarnings("NullAway") // the answer under test
    void returnsNullWhereItShouldRefuse() {
        CheckResult result = new Check<>(REFUSE).run(() -> (Sorting) values -> null);

        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.message()).contains("should be refused by an IllegalArgumentException; null came");
    }

    @Test
    void leavesARefusalToDo() {
        CheckResult result = new Check<>(REFUSE).run(() -> (Sorting) values -> {
            throw new TodoException("refuse it");
        });

        assertThat(result.outcome()).isEqualTo(Outcome.NOT_ATTEMPTED);
    }

    /** Squared where there are three columns, and wrong in another way where there are two. */
    @Test
    void aMistakeThatExplainsOnlySomeCasesIsNotTheWholeStory() {
        Doubling both = x -> x.dim(1) == 3 ? x.square() : x.sub(1);
        CheckResult result = new Check<>(DOUBLE).run(() -> both);

        assertThat(result.mistake()).isEqualTo("squared");
        assertThat(result.message())
                .endsWith("This does not explain the case \"a square\": there may be something else, too.");
        assertThat(new Check<>(DOUBLE).run(() -> (Doubling) Tensor::square).message())
                .doesNotContain("something else");
    }

    /** A case with one number has the same result for many mistakes: it names none of them alone. */
    @Test
    void isNotNamedAfterOneCaseOfThree() {
        CheckResult result = new Check<>(SUMS).run(() -> (Doubling) x -> x.meanKeep(-1));

        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.mistake()).isNull();
    }

    @Test
    void zeroesItsInput() {
        Sorting zeroes = values -> {
            int[] result = Arrays.stream(values).sorted().toArray();
            Arrays.fill(values, 0);
            result[9]++;
            return result;
        };

        CheckResult result = new Check<>(SORT).run(() -> zeroes);
        assertThat(result.outcome()).isEqualTo(Outcome.INCORRECT);
        assertThat(result.message()).contains("entry 9");
    }

    @Test
    void callsTheLibrary() {
        CheckResult result = run(x -> new Library().twice(x));

        assertThat(result.outcome()).isEqualTo(Outcome.LIBRARY);
        assertThat(result.solved()).isFalse();
        assertThat(result.message()).contains("library");
    }

    @Test
    void cannotBeConstructed() {
        CheckResult result = check(() -> {
            throw new IllegalArgumentException("no argument given");
        });

        assertThat(result.outcome()).isEqualTo(Outcome.UNCHECKABLE);
        assertThat(result.message()).contains("no argument given");
    }

    @Test
    void isNull() {
        assertThat(check(() -> null).outcome()).isEqualTo(Outcome.UNCHECKABLE);
    }

    @Test
    void implementsSomethingElse() {
        CheckResult result = check(StringBuilder::new);

        assertThat(result.outcome()).isEqualTo(Outcome.UNCHECKABLE);
        assertThat(result.message()).contains("StringBuilder does not implement Doubling");
    }

    @Test
    void loopsUntilInterrupted() {
        CheckResult result = new Check<>(DOUBLE, Duration.ofMillis(200)).run(() -> (Doubling) x -> {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            return x;
        });

        assertThat(result.outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(result.message()).contains("0.2 s", "It was stopped");
    }

    @Test
    @Tag("slow")
    void loopsWhateverHappens() {
        boolean[] end = {false};
        CheckResult result = new Check<>(DOUBLE, Duration.ofMillis(200)).run(() -> (Doubling) x -> {
            while (!volatileRead(end)) {
                Thread.onSpinWait();
            }
            return x;
        });
        synchronized (end) {
            end[0] = true;
        }

        assertThat(result.outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(result.message()).contains("still uses a core", "restart the kernel");
        assertThat(result.rows().getFirst().name()).isEqualTo("a matrix");
    }

    private static boolean volatileRead(boolean[] end) {
        synchronized (end) {
            return end[0];
        }
    }

    @Test
    void printsForEver() {
        CheckResult result = new Check<>(DOUBLE, Duration.ofMillis(300)).run(() -> (Doubling) x -> {
            while (true) {
                System.out.println("for ever");
            }
        });

        assertThat(result.outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(result.message()).contains("It was stopped");
        assertThat(result.printed().length()).isLessThan(QuietOutput.LIMIT + 200);
    }

    @Test
    void printsAHundredMegabytes() {
        String line = "x".repeat(1 << 20);
        CheckResult result = run(x -> {
            for (int i = 0; i < 20; i++) {
                System.out.print(line);
            }
            return x.mul(2);
        });

        assertThat(result.outcome()).isEqualTo(Outcome.CORRECT);
        assertThat(result.printed()).hasSizeLessThan(QuietOutput.LIMIT + 200).contains("more bytes were printed");
    }

    @Test
    void givesTheStreamsBack() {
        var before = System.out;
        run(x -> x);

        assertThat(System.out).isSameAs(before);
    }

    @Test
    void stopsWhenTheCellIsInterrupted() throws Exception {
        CheckResult[] result = new CheckResult[1];
        boolean[] flag = new boolean[1];
        Thread cell = Thread.ofPlatform().start(() -> {
            result[0] = check(() -> (Doubling) x -> {
                while (!Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                }
                return x;
            });
            flag[0] = Thread.currentThread().isInterrupted();
        });
        Thread.sleep(300);
        cell.interrupt();
        cell.join(10_000);

        assertThat(result[0].outcome()).isEqualTo(Outcome.STOPPED);
        assertThat(flag[0]).as("the flag stays set for whoever interrupted").isTrue();
    }

    @Test
    void rowsTellWhichMethodIsLeft() {
        CheckResult result = run(x -> {
            if (x.dim(1) == 2) {
                throw new TodoException("squares");
            }
            return x.mul(2);
        });

        assertThat(result.outcome()).isEqualTo(Outcome.NOT_ATTEMPTED);
        assertThat(result.text()).contains("1 of 2 cases agree");
    }
}
