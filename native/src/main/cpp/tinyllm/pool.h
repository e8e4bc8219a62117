// The threads that all kernels share. One call runs at a time; a call that finds the pool busy runs on its own thread alone, with
// the same result, since no kernel's result depends on who computes which part.

#pragma once

#include <type_traits>

namespace tinyllm {

/** Physical cores that this process may run on (affinity), at least 1. */
int physical_cores();

/** How many threads compute, the caller among them. */
int threads();

/** Sets their number, 1 to 1024. Waits for a call that runs. */
void set_threads(int count);

/** Calls work(context, i) for each i from 0 to items - 1, on several threads; returns when all are done. */
void parallel(int items, void (*work)(void* context, int item), void* context);

template <class Work>
void parallel(int items, Work&& work) {
  parallel(
      items, [](void* context, int item) { (*static_cast<std::remove_reference_t<Work>*>(context))(item); }, &work);
}

} // namespace tinyllm
