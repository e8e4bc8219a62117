package tinyllm.lab.check;

import java.util.function.Supplier;

/**
 * A wrong answer that learners really write. A check that fails runs the mistakes of the exercise on the failing cases; one
 * whose results equal the learner's is named. The tests run each mistake as a learner's answer and demand its own message.
 *
 * @param name a few words: "no scale"
 * @param message what is wrong in terms of the idea, and what to do; {@code {index}}, {@code {row}}, {@code {column}},
 *     {@code {expected}} and {@code {actual}} stand for the first wrong entry
 * @param answer makes the wrong answer
 */
public record Mistake<T>(String name, String message, Supplier<? extends T> answer) {}
