#include "attend.h"

#include <algorithm>
#include <limits>

#include "dispatch.h"
#include "pool.h"

namespace tinyllm {
namespace {

constexpr float NEVER = -std::numeric_limits<float>::infinity();

/** Up to eight rows of one KV head of one sequence. */
struct Unit {
  const Rows* rows;
  int head;
  int first; // row
  int count;
  int end; // no row sees a key from here on

  int spans() const { return std::max(1, (end + ATTENTION_SPAN - 1) / ATTENTION_SPAN); }

  size_t row() const { return static_cast<size_t>(head) * static_cast<size_t>(rows->rows) + static_cast<size_t>(first); }

  QueryTile tile() const {
    QueryTile t;
    t.queries = rows->queries + row() * static_cast<size_t>(rows->kv.dim);
    t.rows = count;
    t.limits = rows->limits.data() + first;
    t.masks = rows->masks.empty() ? nullptr : rows->masks.data() + row();
    t.kv_head = head;
    return t;
  }
};

/** A unit's running result. */
class Running {
 public:
  Running(const Kernels& set, const Unit& unit)
      : set_(set), unit_(unit), dim_(unit.rows->kv.dim), values_(static_cast<size_t>(unit.count) * static_cast<size_t>(dim_)) {
    std::fill_n(largest_, ATTENTION_ROWS, NEVER);
    std::fill_n(total_, ATTENTION_ROWS, 0.0f);
  }

  /** Adds the span that begins at key `first`. A row whose keys end before it has no part in it. */
  void add(int first, const SpanResult& span) {
    for (int r = 0; r < unit_.count; r++) {
      if (unit_.rows->limits[static_cast<size_t>(unit_.first + r)] > first) {
        size_t at = static_cast<size_t>(r) * static_cast<size_t>(dim_);
        set_.merge(largest_[r], total_[r], values_.data() + at, span.largest[r], span.total[r], span.values + at, dim_);
      }
    }
  }

  void finish() const {
    for (int r = 0; r < unit_.count; r++) {
      const float* sums = values_.data() + static_cast<size_t>(r) * static_cast<size_t>(dim_);
      float* out = unit_.rows->outs[unit_.row() + static_cast<size_t>(r)];
      for (int d = 0; d < unit_.rows->head_dim; d++) {
        out[d] = sums[d] / total_[r];
      }
    }
  }

 private:
  const Kernels& set_;
  const Unit& unit_;
  int dim_;
  float largest_[ATTENTION_ROWS];
  float total_[ATTENTION_ROWS];
  std::vector<float> values_;
};

class Attend {
 public:
  explicit Attend(const std::vector<Rows>& all) : set_(kernels()) {
    int spans = 0;
    for (const Rows& rows : all) {
      for (int head = 0; head < rows.kv_heads; head++) {
        for (int first = 0; first < rows.rows; first += ATTENTION_ROWS) {
          int count = std::min(ATTENTION_ROWS, rows.rows - first);
          const int* limits = rows.limits.data() + first;
          units_.push_back({&rows, head, first, count, *std::max_element(limits, limits + count)});
          spans += units_.back().spans();
        }
      }
    }
    // The longest first, so that no thread starts one while the others finish.
    std::stable_sort(units_.begin(), units_.end(), [](const Unit& a, const Unit& b) { return a.spans() > b.spans(); });
    int share = spans / (4 * threads());
    for (; split_ < units_.size() && units_[split_].spans() > std::max(1, share); split_++) {
      for (int s = 0; s < units_[split_].spans(); s++) {
        pieces_.push_back({split_, s * ATTENTION_SPAN});
      }
    }
  }

  void run() {
    std::vector<std::vector<float>> values(pieces_.size());
    std::vector<SpanResult> results(pieces_.size());
    size_t items = pieces_.size() + units_.size() - split_;
    parallel(static_cast<int>(items), [&](int index) {
      size_t item = static_cast<size_t>(index);
      if (item < pieces_.size()) {
        span(units_[pieces_[item].unit], pieces_[item].first, values[item], results[item]);
      } else {
        whole(units_[item - pieces_.size() + split_]);
      }
    });
    merge(results);
  }

 private:
  struct Piece {
    size_t unit;
    int first; // key
  };

  void span(const Unit& unit, int first, std::vector<float>& values, SpanResult& result) const {
    values.resize(static_cast<size_t>(unit.count) * static_cast<size_t>(unit.rows->kv.dim));
    result.values = values.data();
    set_.span(unit.tile(), unit.rows->kv, first, result);
  }

  void whole(const Unit& unit) const {
    Running running(set_, unit);
    std::vector<float> values;
    for (int first = 0; first < unit.end; first += ATTENTION_SPAN) {
      SpanResult result;
      span(unit, first, values, result);
      running.add(first, result);
    }
    running.finish();
  }

  /** The units that were shared out by spans: their results in the order of the keys. */
  void merge(const std::vector<SpanResult>& results) const {
    size_t piece = 0;
    for (size_t u = 0; u < split_; u++) {
      Running running(set_, units_[u]);
      for (; piece < pieces_.size() && pieces_[piece].unit == u; piece++) {
        running.add(pieces_[piece].first, results[piece]);
      }
      running.finish();
    }
  }

  const Kernels& set_;
  std::vector<Unit> units_;
  size_t split_ = 0; // how many of the units are shared out by spans
  std::vector<Piece> pieces_;
};

} // namespace

void attend(const std::vector<Rows>& all) { Attend(all).run(); }

} // namespace tinyllm
