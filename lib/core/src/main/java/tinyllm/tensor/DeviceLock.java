package tinyllm.tensor;

import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The lock around MLX. A native call can't be interrupted, so who waits for one longer than a second is told what it is, and can
 * be interrupted instead.
 */
final class DeviceLock {
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static volatile @Nullable Running running;
    private static volatile DeviceThread.@Nullable Host host;

    /** What the owner of the lock computes since when. */
    private record Running(String op, Tensor tensor, long since) {
        private String text() {
            return op + " of " + tensor.describe() + ", begun "
                    + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since) + " s ago";
        }
    }

    private DeviceLock() {}

    static void hostedBy(DeviceThread.Host ofThisProcess) {
        host = ofThisProcess;
    }

    static boolean isOver() {
        DeviceThread.Host asked = host;
        return asked != null && asked.isOver();
    }

    /** Takes the lock; an interrupt that came before does not matter, one while it waits ends the wait. */
    static void lock() {
        if (LOCK.tryLock()) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            for (int seconds = 1; !LOCK.tryLock(1, TimeUnit.SECONDS); seconds++) {
                Running now = running;
                DeviceThread.Host told = host;
                if (told != null) {
                    told.waiting(now == null ? "another thread's operation" : now.text(), seconds);
                }
            }
        } catch (InterruptedException e) {
            interrupted = true;
            throw new CancellationException("interrupted while waiting for another thread's operation");
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    static void unlock() {
        LOCK.unlock();
    }

    static boolean isHeld() {
        return LOCK.isHeldByCurrentThread();
    }

    /** Runs a native call that may take long, with the lock held. */
    static void running(String op, Tensor tensor, Runnable call) {
        Running before = running;
        running = new Running(op, tensor, System.nanoTime());
        try {
            call.run();
        } finally {
            running = before;
        }
    }
}
