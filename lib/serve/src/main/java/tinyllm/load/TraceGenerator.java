package tinyllm.load;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Random;
import tinyllm.engine.Simulation;

/**
 * Makes up requests: when they arrive, and how long prompts and answers are. Equal seeds give equal requests.
 *
 * @param seed of the generator
 * @param requestsPerSecond Poisson arrivals at this rate; infinity for all at once
 * @param prompts lengths of prompts
 * @param answers lengths of answers
 * @param priorities drawn from 0 up to this, which is left out; 1 or more
 */
public record TraceGenerator(long seed, double requestsPerSecond, Lengths prompts, Lengths answers, int priorities) {

    public TraceGenerator {
        if (!(requestsPerSecond > 0)) {
            throw new IllegalArgumentException("requests must arrive at a rate above 0, not " + requestsPerSecond);
        }
        if (priorities < 1) {
            throw new IllegalArgumentException("there must be 1 priority or more, not " + priorities);
        }
    }

    /** All at once, of one priority. */
    public static TraceGenerator atOnce(long seed, Lengths prompts, Lengths answers) {
        return new TraceGenerator(seed, Double.POSITIVE_INFINITY, prompts, answers, 1);
    }

    /** Seconds between two arrivals of a Poisson process: of people who come independently of each other. */
    public static double gap(Random random, double perSecond) {
        return -Math.log(1 - random.nextDouble()) / perSecond;
    }

    /** The first so many requests, made one by one: a million of them take no memory. */
    public Iterator<Simulation.Request> requests(int count) {
        Random random = new Random(seed);
        return new Iterator<>() {
            private int made;
            private double now;

            @Override
            public boolean hasNext() {
                return made < count;
            }

            @Override
            public Simulation.Request next() {
                if (made++ >= count) {
                    throw new NoSuchElementException("all " + count + " requests were made");
                }
                now += gap(random, requestsPerSecond);
                return new Simulation.Request(
                        now,
                        prompts.draw().applyAsInt(random),
                        answers.draw().applyAsInt(random),
                        random.nextInt(priorities));
            }
        };
    }
}
