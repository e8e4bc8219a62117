package org.bytedeco.mlx.samples;

import static org.bytedeco.mlx.global.mlx.*;

import org.bytedeco.mlx.*;

/** Finds the weights behind noisy observations by gradient descent on a Java lambda. */
public class LinearRegression {
    private static final int FEATURES = 8;
    private static final int EXAMPLES = 1000;
    private static final int STEPS = 500;

    public static void main(String[] args) {
        System.out.println("MLX " + version().getString() + " on " + default_device() + "\nlargest error of a weight: " + largestError());
    }

    /** How far the found weights are from the true ones. */
    public static float largestError() {
        seed(42);
        array truth = normal(new Shape(FEATURES));
        array x = normal(new Shape(EXAMPLES, FEATURES));
        array noise = multiply(normal(new Shape(EXAMPLES)), new array(0.01f));
        array y = add(matmul(x, truth), noise);

        ArrayFunction loss = w -> new ArrayVector(mean(square(subtract(matmul(x, w.get(0)), y))));
        ValueAndGradFunction step = value_and_grad(loss);
        array weights = zeros(new Shape(FEATURES));
        for (int i = 0; i < STEPS; i++) {
            ArrayVectorPair result = step.apply(new ArrayVector(weights));
            weights = subtract(weights, multiply(result.second().get(0), new array(0.05f)));
            weights.eval();
        }
        return max(abs(subtract(weights, truth))).item_float();
    }
}
