package tinyllm.lab.exercises.quantized.gpu;

/** The right sources of chapter 2.3b's exercises: many rows of activations times 4-bit weights in groups of 64. */
final class MatmulTexts {

    static final String NAIVE = """
            uint n = thread_position_in_grid.x, m = thread_position_in_grid.y;
            uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
            if (m < M && n < N) {
              float sum = 0;
              for (uint k = 0; k < K; ++k) {
                uint q = (w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u;
                uint g = n * (K / 64) + k / 64;
                sum += x[m * K + k] * (scales[g] * float(q) + biases[g]);
              }
              y[m * N + n] = sum;
            }
            """;

    static final String TILE = """
            threadgroup float xs[16][16];
            threadgroup float ws[16][16];
            uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
            uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
            uint m0 = threadgroup_position_in_grid.y * 16, n0 = threadgroup_position_in_grid.x * 16;
            float sum = 0;
            for (uint k0 = 0; k0 < K; k0 += 16) {
              uint k = k0 + c, n = n0 + r;
              xs[r][c] = m0 + r < M ? x[(m0 + r) * K + k] : 0.0f;
              float v = 0;
              if (n < N) {
                uint q = (w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u;
                uint g = n * (K / 64) + k / 64;
                v = scales[g] * float(q) + biases[g];
              }
              ws[r][c] = v;
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint i = 0; i < 16; ++i) {
                sum += xs[r][i] * ws[c][i];
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            if (m0 + r < M && n0 + c < N) {
              y[(m0 + r) * N + n0 + c] = sum;
            }
            """;

    static final String REGISTERS = """
            threadgroup float xs[32][16];
            threadgroup float ws[32][16];
            uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
            uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
            uint m0 = threadgroup_position_in_grid.y * 32, n0 = threadgroup_position_in_grid.x * 32;
            float sums[2][2] = {{0, 0}, {0, 0}};
            for (uint k0 = 0; k0 < K; k0 += 16) {
              uint k = k0 + c;
              for (uint h = r; h < 32; h += 16) {
                uint m = m0 + h, n = n0 + h;
                xs[h][c] = m < M ? x[m * K + k] : 0.0f;
                float v = 0;
                if (n < N) {
                  uint q = (w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u;
                  uint g = n * (K / 64) + k / 64;
                  v = scales[g] * float(q) + biases[g];
                }
                ws[h][c] = v;
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint i = 0; i < 16; ++i) {
                float a0 = xs[r][i], a1 = xs[r + 16][i], b0 = ws[c][i], b1 = ws[c + 16][i];
                sums[0][0] += a0 * b0;
                sums[0][1] += a0 * b1;
                sums[1][0] += a1 * b0;
                sums[1][1] += a1 * b1;
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            for (uint p = 0; p < 4; ++p) {
              uint m = m0 + r + p / 2 * 16, n = n0 + c + p % 2 * 16;
              if (m < M && n < N) {
                y[m * N + n] = sums[p / 2][p % 2];
              }
            }
            """;

    static final String MATRICES = """
            threadgroup float xs[32 * 32];
            threadgroup float ws[32 * 32];
            uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]), t = thread_index_in_threadgroup;
            uint m0 = threadgroup_position_in_grid.y * 32, n0 = threadgroup_position_in_grid.x * 32;
            uint row = simdgroup_index_in_threadgroup / 2 * 16, column = simdgroup_index_in_threadgroup % 2 * 16;
            simdgroup_float8x8 sums[4];
            for (uint i = 0; i < 4; ++i) {
              sums[i] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
            }
            for (uint k0 = 0; k0 < K; k0 += 32) {
              for (uint i = t; i < 1024; i += 128) {
                uint m = m0 + i / 32, n = n0 + i / 32, k = k0 + i % 32, g = n * (K / 64) + k / 64;
                xs[i] = m < M ? x[m * K + k] : 0.0f;
                ws[i] = n < N ? scales[g] * float((w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u) + biases[g] : 0.0f;
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint k = 0; k < 32; k += 8) {
                simdgroup_float8x8 a[2], b[2];
                for (uint i = 0; i < 2; ++i) {
                  simdgroup_load(a[i], xs + (row + 8 * i) * 32 + k, 32);
                  simdgroup_load(b[i], ws + (column + 8 * i) * 32 + k, 32, ulong2(0, 0), true);
                }
                for (uint i = 0; i < 4; ++i) {
                  simdgroup_multiply_accumulate(sums[i], a[i / 2], b[i % 2], sums[i]);
                }
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            for (uint i = 0; i < 4; ++i) {
              simdgroup_store(sums[i], xs + (row + i / 2 * 8) * 32 + column + i % 2 * 8, 32);
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            for (uint i = t; i < 1024; i += 128) {
              uint m = m0 + i / 32, n = n0 + i % 32;
              if (m < M && n < N) {
                y[m * N + n] = xs[i];
              }
            }
            """;

    static final String SPLIT = """
            threadgroup float xs[16][16];
            threadgroup float ws[16][16];
            uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
            uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
            uint m0 = threadgroup_position_in_grid.y * 16, n0 = threadgroup_position_in_grid.x * 16;
            uint part = threadgroup_position_in_grid.z, parts = threadgroups_per_grid.z;
            uint share = (K + parts * 16 - 1) / (parts * 16) * 16;
            uint stop = min((part + 1) * share, K);
            float sum = 0;
            for (uint k0 = part * share; k0 < stop; k0 += 16) {
              uint k = k0 + c, n = n0 + r;
              xs[r][c] = m0 + r < M ? x[(m0 + r) * K + k] : 0.0f;
              float v = 0;
              if (n < N) {
                uint q = (w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u;
                uint g = n * (K / 64) + k / 64;
                v = scales[g] * float(q) + biases[g];
              }
              ws[r][c] = v;
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint i = 0; i < 16; ++i) {
                sum += xs[r][i] * ws[c][i];
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            if (m0 + r < M && n0 + c < N) {
              partial[(part * M + m0 + r) * N + n0 + c] = sum;
            }
            """;

    private MatmulTexts() {}
}
