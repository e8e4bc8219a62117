package tinyllm.lab;

import tinyllm.course.ReferenceUse;
import tinyllm.kernel.KernelText;

/** Causal tiled attention in C++, for reading: loops that a compiler may turn into vectors as they stand (chapter 2.4). */
public final class CppAttention implements KernelText {

    /** The function {@code attention}. */
    public static final String TEXT = """
            void attention(const float* q, const float* k, const float* v, const float* scale, float* out,
                           int heads, int kv_heads, int queries, int keys, int dim) {
              const int TILE = 64;
              float scores[TILE];
              for (int row = 0; row < heads * queries; ++row) {
                int seen = row % queries + keys - queries + 1;
                long at = long(row / queries / (heads / kv_heads)) * keys * dim;
                const float* query = q + long(row) * dim;
                float* mean = out + long(row) * dim;
                std::fill(mean, mean + dim, 0.0f);
                float max = -INFINITY, sum = 0;
                for (int first = 0; first < seen; first += TILE) {
                  int n = std::min(TILE, seen - first);
                  float larger = max;
                  for (int j = 0; j < n; ++j) {
                    const float* key = k + at + long(first + j) * dim;
                    float parts[16] = {}, dot = 0;
                    for (int c = 0; c < dim; c += 16)
                      for (int l = 0; l < 16; ++l) parts[l] += query[c + l] * key[c + l];
                    for (float part : parts) dot += part;
                    scores[j] = dot * scale[0];
                    larger = std::max(larger, scores[j]);
                  }
                  float factor = std::exp(max - larger);
                  max = larger;
                  sum *= factor;
                  for (int c = 0; c < dim; ++c) mean[c] *= factor;
                  for (int j = 0; j < n; ++j) {
                    float weight = std::exp(scores[j] - max);
                    const float* value = v + at + long(first + j) * dim;
                    sum += weight;
                    for (int c = 0; c < dim; ++c) mean[c] += weight * value[c];
                  }
                }
                for (int c = 0; c < dim; ++c) mean[c] /= sum;
              }
            }
            """;

    @Override
    public String text() {
        ReferenceUse.note("2.4 C++");
        return TEXT;
    }
}
