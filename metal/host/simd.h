// Operations of a SIMD group: every active lane brings a value, the host run computes for all of them at once.
#pragma once

namespace tinyllm {

template <class T>
METAL_FUNC T read_slot(const Slot& slot) {
  T v;
  __builtin_memcpy(&v, slot.bytes, sizeof(T));
  return v;
}

template <class T>
METAL_FUNC void write_slot(Slot& slot, const T& v) {
  static_assert(sizeof(T) <= sizeof(Slot), "a SIMD operation takes values of at most 16 bytes");
  __builtin_memcpy(slot.bytes, &v, sizeof(T));
}

template <class T>
METAL_FUNC T meet(Combine combine, const T& v, unsigned extra, const char* name, int line) {
  Slot brought, got;
  write_slot(brought, v);
  simd_operation(combine, brought, extra, got, false, name, line);
  return read_slot<T>(got);
}

// Halving steps in a fixed order, as shuffles across 16, 8, 4, 2 and 1 lanes do; a lane that is not active adds nothing.
template <class T, class Op, int Width>
__attribute__((no_sanitize("thread"))) void reduce(const Slot* brought, unsigned active, const unsigned*, Slot* got) {
  for (int from = 0; from < 32; from += Width) {
    T value[Width];
    bool present[Width];
    for (int i = 0; i < Width; ++i) {
      present[i] = (active >> (from + i)) & 1u;
      value[i] = present[i] ? read_slot<T>(brought[from + i]) : T();
    }
    for (int step = Width / 2; step > 0; step /= 2) {
      for (int i = 0; i < step; ++i) {
        if (present[i] && present[i + step]) {
          value[i] = Op::apply(value[i], value[i + step]);
        } else if (present[i + step]) {
          value[i] = value[i + step];
          present[i] = true;
        }
      }
    }
    for (int i = 0; i < Width; ++i) {
      write_slot(got[from + i], value[0]);
    }
  }
}

template <class T, class Op, bool Inclusive>
__attribute__((no_sanitize("thread"))) void prefix(const Slot* brought, unsigned active, const unsigned*, Slot* got) {
  T total = Op::template zero<T>();
  for (int i = 0; i < 32; ++i) {
    if ((active >> i) & 1u) {
      T next = Op::apply(total, read_slot<T>(brought[i]));
      write_slot(got[i], Inclusive ? next : total);
      total = next;
    }
  }
}

// extra is the lane to read from; from a lane that is not active the value is undefined, which the callers report.
template <class T>
__attribute__((no_sanitize("thread"))) void shuffle(const Slot* brought, unsigned active, const unsigned* extra, Slot* got) {
  for (int i = 0; i < 32; ++i) {
    unsigned from = extra[i] & 31u;
    got[i] = (active >> from) & 1u ? brought[from] : brought[i];
  }
}

struct Sum {
  template <class T> METAL_FUNC static T apply(T a, T b) { return T(a + b); }
  template <class T> METAL_FUNC static T zero() { return T(0); }
};
struct Product {
  template <class T> METAL_FUNC static T apply(T a, T b) { return T(a * b); }
  template <class T> METAL_FUNC static T zero() { return T(1); }
};
struct Largest {
  template <class T> METAL_FUNC static T apply(T a, T b) { return metal::max(a, b); }
};
struct Smallest {
  template <class T> METAL_FUNC static T apply(T a, T b) { return metal::min(a, b); }
};
struct And {
  template <class T> METAL_FUNC static T apply(T a, T b) { return T(a & b); }
};
struct Or {
  template <class T> METAL_FUNC static T apply(T a, T b) { return T(a | b); }
};
struct Xor {
  template <class T> METAL_FUNC static T apply(T a, T b) { return T(a ^ b); }
};

template <class T>
METAL_FUNC T from_lane(const T& v, unsigned lane, const char* name, int line) {
  struct Both { T value; };
  Slot brought, got;
  write_slot(brought, v);
  simd_operation(shuffle<T>, brought, lane, got, false, name, line);
  if (lane >= 32 || !((active_lanes() >> lane) & 1u)) {
    inactive_lane(name, lane, line);
  }
  return read_slot<T>(got);
}

}  // namespace tinyllm

namespace metal {

#define METAL_REDUCTION(name, op)                                                                   \
  template <class T>                                                                                \
  METAL_FUNC T simd_##name(T v, int line = __builtin_LINE()) {                                      \
    return tinyllm::meet(tinyllm::reduce<T, tinyllm::op, 32>, v, 0, "simd_" #name, line);           \
  }                                                                                                 \
  template <class T>                                                                                \
  METAL_FUNC T quad_##name(T v, int line = __builtin_LINE()) {                                      \
    return tinyllm::meet(tinyllm::reduce<T, tinyllm::op, 4>, v, 0, "quad_" #name, line);            \
  }
METAL_REDUCTION(sum, Sum)
METAL_REDUCTION(product, Product)
METAL_REDUCTION(max, Largest)
METAL_REDUCTION(min, Smallest)
METAL_REDUCTION(and, And)
METAL_REDUCTION(or, Or)
METAL_REDUCTION(xor, Xor)
#undef METAL_REDUCTION

#define METAL_PREFIX(name, op, inclusive)                                                           \
  template <class T>                                                                                \
  METAL_FUNC T name(T v, int line = __builtin_LINE()) {                                             \
    return tinyllm::meet(tinyllm::prefix<T, tinyllm::op, inclusive>, v, 0, #name, line);            \
  }
METAL_PREFIX(simd_prefix_inclusive_sum, Sum, true)
METAL_PREFIX(simd_prefix_exclusive_sum, Sum, false)
METAL_PREFIX(simd_prefix_inclusive_product, Product, true)
METAL_PREFIX(simd_prefix_exclusive_product, Product, false)
#undef METAL_PREFIX

template <class T>
METAL_FUNC T simd_shuffle(T v, ushort lane, int line = __builtin_LINE()) {
  return tinyllm::from_lane(v, lane, "simd_shuffle", line);
}
template <class T>
METAL_FUNC T simd_broadcast(T v, ushort lane, int line = __builtin_LINE()) {
  return tinyllm::from_lane(v, lane, "simd_broadcast", line);
}
template <class T>
METAL_FUNC T simd_shuffle_xor(T v, ushort mask, int line = __builtin_LINE()) {
  return tinyllm::from_lane(v, tinyllm::self->lane ^ mask, "simd_shuffle_xor", line);
}
// Lanes that would read beyond the group keep their own value.
template <class T>
METAL_FUNC T simd_shuffle_up(T v, ushort delta, int line = __builtin_LINE()) {
  unsigned lane = tinyllm::self->lane;
  return tinyllm::from_lane(v, lane >= delta ? lane - delta : lane, "simd_shuffle_up", line);
}
template <class T>
METAL_FUNC T simd_shuffle_down(T v, ushort delta, int line = __builtin_LINE()) {
  unsigned lane = tinyllm::self->lane;
  return tinyllm::from_lane(v, lane + delta < 32 ? lane + delta : lane, "simd_shuffle_down", line);
}
template <class T>
METAL_FUNC T simd_shuffle_rotate_up(T v, ushort delta, int line = __builtin_LINE()) {
  return tinyllm::from_lane(v, (tinyllm::self->lane + 32 - delta % 32) % 32, "simd_shuffle_rotate_up", line);
}
template <class T>
METAL_FUNC T simd_shuffle_rotate_down(T v, ushort delta, int line = __builtin_LINE()) {
  return tinyllm::from_lane(v, (tinyllm::self->lane + delta) % 32, "simd_shuffle_rotate_down", line);
}
template <class T>
METAL_FUNC T quad_shuffle_xor(T v, ushort mask, int line = __builtin_LINE()) {
  return tinyllm::from_lane(v, tinyllm::self->lane ^ (mask & 3), "quad_shuffle_xor", line);
}
template <class T>
METAL_FUNC T quad_broadcast(T v, ushort lane, int line = __builtin_LINE()) {
  return tinyllm::from_lane(v, (tinyllm::self->lane & ~3u) + lane, "quad_broadcast", line);
}
template <class T>
METAL_FUNC T simd_broadcast_first(T v, int line = __builtin_LINE()) {
  uint mine = tinyllm::self->lane;
  uint first = tinyllm::meet(tinyllm::reduce<uint, tinyllm::Smallest, 32>, mine, 0, "simd_broadcast_first", line);
  return tinyllm::from_lane(v, first, "simd_broadcast_first", line);
}
METAL_FUNC bool simd_all(bool v, int line = __builtin_LINE()) { return simd_and(uint(v), line) != 0; }
METAL_FUNC bool simd_any(bool v, int line = __builtin_LINE()) { return simd_or(uint(v), line) != 0; }
METAL_FUNC bool simd_is_first(int line = __builtin_LINE()) {
  uint mine = tinyllm::self->lane;
  return simd_min(mine, line) == mine;
}

class simd_vote {
 public:
  using vote_t = ulong;
  METAL_FUNC explicit simd_vote(vote_t bits) : bits_(bits) {}
  METAL_FUNC explicit operator vote_t() const { return bits_; }
  METAL_FUNC bool all() const { return bits_ == 0xffffffffu; }
  METAL_FUNC bool any() const { return bits_ != 0; }

 private:
  vote_t bits_;
};
METAL_FUNC simd_vote simd_ballot(bool v, int line = __builtin_LINE()) {
  return simd_vote(simd_or(v ? 1u << tinyllm::self->lane : 0u, line));
}
METAL_FUNC simd_vote simd_active_threads_mask(int line = __builtin_LINE()) { return simd_ballot(true, line); }

}  // namespace metal
