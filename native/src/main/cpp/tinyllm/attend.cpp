#include "attend.h"

#include <algorithm>
#include <limits>

#include "dispatch.h"
#include "pool.h"

namespace tinyllm {
namespace {

constexpr float NEVER = -std::numeric_limits<float>::infinity();

/** Pages that have to be unpacked are read once for so many rows. */
constexpr int UNPACKED_ROWS = 64;

/** Some rows of one KV head of one sequence that one thread works on. */
struct Unit {
  const Rows* rows;
  int head;
  int first; // row
  int count;
  int end; // no row sees a key from here on

  int tiles() const { return (count + ATTENTION_ROWS - 1) / ATTENTION_ROWS; }

  int spans() const { return std::max(1, (end + ATTENTION_SPAN - 1) / ATTENTION_SPAN); }

  size_t row() const { return static_cast<size_t>(head) * static_cast<size_t>(rows->rows) + static_cast<size_t>(first); }

  QueryTile tile(int index) const {
    int from = index * ATTENTION_ROWS;
    size_t at = row() + static_cast<size_t>(from);
    QueryTile t;
    t.queries = rows->queries + at * static_cast<size_t>(rows->kv.dim);
    t.rows = std::min(ATTENTION_ROWS, count - from);
    t.limits = rows->limits.data() + first + from;
    t.masks = rows->masks.empty() ? nullptr : rows->masks.data() + at;
    t.kv_head = head;
    return t;
  }
};

/** What one span gives for all rows of a unit. */
class UnitSpan {
 public:
  void of(const Kernels& set, const Unit& unit, int first) {
    const KeyValues& kv = unit.rows->kv;
    size_t each = static_cast<size_t>(ATTENTION_ROWS) * static_cast<size_t>(kv.dim);
    tiles_.resize(static_cast<size_t>(unit.tiles()));
    values_.resize(tiles_.size() * each);
    if (kv.plain()) {
      attend(set, unit, first, kv, each);
      return;
    }
    // Sixteen tokens are unpacked at a time; what lies behind the last one is never seen.
    int count = std::min(ATTENTION_SPAN, unit.end - first);
    size_t room = static_cast<size_t>((count + 15) / 16 * 16) * static_cast<size_t>(kv.dim);
    thread_local std::vector<float> floats;
    floats.resize(2 * room);
    set.unpack_keys(kv, unit.head, first, count, floats.data());
    set.unpack_values(kv, unit.head, first, count, floats.data() + room);
    const char* pages[2] = {reinterpret_cast<const char*>(floats.data()), reinterpret_cast<const char*>(floats.data() + room)};
    KeyValues unpacked{&pages[0], &pages[1], 0, 0, ATTENTION_SPAN, kv.dim, kv.head_dim, KV_FLOAT, KV_FLOAT, first, {}};
    attend(set, unit, first, unpacked, each);
  }

  const SpanResult& operator[](int tile) const { return tiles_[static_cast<size_t>(tile)]; }

 private:
  void attend(const Kernels& set, const Unit& unit, int first, const KeyValues& kv, size_t each) {
    for (int i = 0; i < unit.tiles(); i++) {
      QueryTile tile = unit.tile(i);
      tile.kv_head = &kv == &unit.rows->kv ? tile.kv_head : 0;
      SpanResult& result = tiles_[static_cast<size_t>(i)];
      result.values = values_.data() + static_cast<size_t>(i) * each;
      if (*std::max_element(tile.limits, tile.limits + tile.rows) > first) {
        set.span(tile, kv, first, result);
      }
    }
  }

  std::vector<SpanResult> tiles_;
  std::vector<float> values_;
};

/** A unit's running result. */
class Running {
 public:
  Running(const Kernels& set, const Unit& unit)
      : set_(set), unit_(unit), dim_(unit.rows->kv.dim), largest_(static_cast<size_t>(unit.count), NEVER),
        total_(static_cast<size_t>(unit.count)), values_(static_cast<size_t>(unit.count) * static_cast<size_t>(dim_)) {}

  /** Adds the span that begins at key `first`. A row whose keys end before it has no part in it. */
  void add(int first, const UnitSpan& spans) {
    for (int row = 0; row < unit_.count; row++) {
      size_t r = static_cast<size_t>(row);
      if (unit_.rows->limits[static_cast<size_t>(unit_.first) + r] > first) {
        const SpanResult& span = spans[row / ATTENTION_ROWS];
        int of = row % ATTENTION_ROWS;
        const float* values = span.values + static_cast<size_t>(of) * static_cast<size_t>(dim_);
        float* sums = values_.data() + r * static_cast<size_t>(dim_);
        set_.merge(largest_[r], total_[r], sums, span.largest[of], span.total[of], values, dim_);
      }
    }
  }

  void finish() const {
    for (size_t r = 0; r < static_cast<size_t>(unit_.count); r++) {
      const float* sums = values_.data() + r * static_cast<size_t>(dim_);
      float* out = unit_.rows->outs[unit_.row() + r];
      for (int d = 0; d < unit_.rows->kv.head_dim; d++) {
        out[d] = sums[d] / total_[r];
      }
    }
  }

 private:
  const Kernels& set_;
  const Unit& unit_;
  int dim_;
  std::vector<float> largest_;
  std::vector<float> total_;
  std::vector<float> values_;
};

class Attend {
 public:
  explicit Attend(const std::vector<Rows>& all) : set_(kernels()) {
    int spans = 0;
    for (const Rows& rows : all) {
      for (int head = 0; head < rows.kv_heads; head++) {
        int most = rows.kv.plain() ? ATTENTION_ROWS : UNPACKED_ROWS;
        for (int first = 0; first < rows.rows; first += most) {
          int count = std::min(most, rows.rows - first);
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
    std::vector<UnitSpan> results(pieces_.size());
    size_t items = pieces_.size() + units_.size() - split_;
    parallel(static_cast<int>(items), [&](int index) {
      size_t item = static_cast<size_t>(index);
      if (item < pieces_.size()) {
        results[item].of(set_, units_[pieces_[item].unit], pieces_[item].first);
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

  void whole(const Unit& unit) const {
    Running running(set_, unit);
    UnitSpan span;
    for (int first = 0; first < unit.end; first += ATTENTION_SPAN) {
      span.of(set_, unit, first);
      running.add(first, span);
    }
    running.finish();
  }

  /** The units that were shared out by spans: their results in the order of the keys. */
  void merge(const std::vector<UnitSpan>& results) const {
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
