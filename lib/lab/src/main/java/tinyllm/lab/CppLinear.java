package tinyllm.lab;

import tinyllm.course.ReferenceUse;
import tinyllm.kernel.KernelText;

/** A vector in int8 times a matrix of 4 bits, for reading: the compiler makes vectors of the inner loop (chapter 2.2). */
public final class CppLinear implements KernelText {

    /** The function {@code linear}. */
    public static final String TEXT = """
            void linear(const uint32_t* words, const float* scales, const float* biases, const int8_t* x,
                        const float* x_scales, float* y, int rows, int cols, int group) {
              for (int r = 0; r < rows; ++r) {
                float total = 0;
                for (int b = 0; b < cols; b += 32) {
                  int products = 0, sum = 0;
                  for (int c = b; c < b + 32; ++c) {
                    int code = words[(r * cols + c) / 8] >> 4 * (c % 8) & 15;
                    products += code * x[c];
                    sum += x[c];
                  }
                  int g = (r * cols + b) / group;
                  total += x_scales[b / 32] * (scales[g] * products + biases[g] * sum);
                }
                y[r] = total;
              }
            }
            """;

    @Override
    public String text() {
        ReferenceUse.note("2.2 C++");
        return TEXT;
    }
}
