package org.bytedeco.mlx;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.mlx.samples.LinearRegression;
import org.junit.jupiter.api.Test;

class SamplesTest {
    @Test
    void linearRegressionFindsTheWeights() {
        assertThat(LinearRegression.largestError()).isBetween(0f, 0.002f);
    }
}
