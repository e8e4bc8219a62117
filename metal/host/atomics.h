// Atomic operations: threads run one at a time here, so a plain access is atomic; the detectors are told that it was meant so.
#pragma once

namespace metal {

enum memory_order { memory_order_relaxed };

template <class T>
struct atomic {
  T value;
};
using atomic_uint = atomic<uint>;
using atomic_int = atomic<int>;
using atomic_float = atomic<float>;
using atomic_bool = atomic<bool>;

#define METAL_UNSEEN inline __attribute__((no_sanitize("thread"), noinline))

template <class T>
METAL_UNSEEN T atomic_load_explicit(const atomic<T>* object, memory_order, int line = __builtin_LINE()) {
  tinyllm::atomic_access(object, sizeof(T), false, line);
  return object->value;
}
template <class T>
METAL_UNSEEN void atomic_store_explicit(atomic<T>* object, typename identity<T>::type v, memory_order,
                                        int line = __builtin_LINE()) {
  tinyllm::atomic_access(object, sizeof(T), true, line);
  object->value = v;
}
template <class T>
METAL_UNSEEN T atomic_exchange_explicit(atomic<T>* object, typename identity<T>::type v, memory_order,
                                        int line = __builtin_LINE()) {
  tinyllm::atomic_access(object, sizeof(T), true, line);
  T old = object->value;
  object->value = v;
  return old;
}
template <class T>
METAL_UNSEEN bool atomic_compare_exchange_weak_explicit(atomic<T>* object, T* expected, typename identity<T>::type v,
                                                        memory_order, memory_order, int line = __builtin_LINE()) {
  tinyllm::atomic_access(object, sizeof(T), true, line);
  if (object->value == *expected) {
    object->value = v;
    return true;
  }
  *expected = object->value;
  return false;
}

#define METAL_FETCH(name, expression)                                                                            \
  template <class T>                                                                                             \
  METAL_UNSEEN T atomic_fetch_##name##_explicit(atomic<T>* object, typename identity<T>::type v, memory_order,   \
                                                int line = __builtin_LINE()) {                                   \
    tinyllm::atomic_access(object, sizeof(T), true, line);                                                       \
    T old = object->value;                                                                                       \
    object->value = T(expression);                                                                               \
    return old;                                                                                                  \
  }
METAL_FETCH(add, old + v)
METAL_FETCH(sub, old - v)
METAL_FETCH(max, old < v ? v : old)
METAL_FETCH(min, v < old ? v : old)
METAL_FETCH(and, old & v)
METAL_FETCH(or, old | v)
METAL_FETCH(xor, old ^ v)
#undef METAL_FETCH
#undef METAL_UNSEEN

}  // namespace metal
