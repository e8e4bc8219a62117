// Pages as an operation sees them: what it was built with, and what keeps their memory.

#pragma once

#include <memory>
#include <vector>

#include "mlx/mlx.h"
#include "ops.h"

namespace tinyllm {

struct PagesView {
  std::shared_ptr<const void> owner;
  std::vector<mlx::core::array> keep;
  std::vector<Sequence> sequences;
  std::vector<size_t> rooms; // tokens that each sequence's pages hold
  KeyValues kv;              // of one layer; its own page lists are not read
  int kv_heads;

  KeyValues of(size_t sequence) const {
    KeyValues one = kv;
    one.keys = sequences[sequence].keys;
    one.values = sequences[sequence].values;
    return one;
  }

  /** Rows that a step over them has at least. */
  int rows() const {
    int most = 0;
    for (const Sequence& s : sequences) {
      most = s.first_row + s.tokens > most ? s.first_row + s.tokens : most;
    }
    return most;
  }

  /** Positions that a step over them reaches. */
  int positions() const {
    int most = 0;
    for (const Sequence& s : sequences) {
      most = s.position + s.tokens > most ? s.position + s.tokens : most;
    }
    return most;
  }
};

} // namespace tinyllm
