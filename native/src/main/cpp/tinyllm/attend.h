// Query rows over keys and values in pages, for any number of sequences at once.

#pragma once

#include <vector>

#include "kernels.h"

namespace tinyllm {

/** Query rows of one sequence that share KV heads, and where each row's result goes. */
struct Rows {
  const float* queries; // [kv heads][rows][dim], times scale * log2(e)
  int rows;             // of each KV head; may be none
  int kv_heads;
  std::vector<int> limits;          // row r sees the keys below limits[r]
  std::vector<const float*> masks;  // [kv heads][rows], added to the scores; empty for none
  std::vector<float*> outs;         // [kv heads][rows], head_dim each
  KeyValues kv;
};

/** Shares the work out over the threads by (sequence, KV head, some rows), and by spans of keys where that leaves threads idle. */
void attend(const std::vector<Rows>& all);

} // namespace tinyllm
