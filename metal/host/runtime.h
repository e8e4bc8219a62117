// What a compiled kernel and the host run share: the threads of a grid, their meeting points, and their memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tinyllm {

// The GPU thread that runs now, as its attributes describe it.
struct Thread {
  unsigned grid[3];   // thread_position_in_grid
  unsigned local[3];  // thread_position_in_threadgroup
  unsigned index;     // thread_index_in_threadgroup
  unsigned lane;      // thread_index_in_simdgroup
  unsigned simdgroup; // simdgroup_index_in_threadgroup
};

struct Launch {
  unsigned threads[3];     // threads_per_grid
  unsigned group[3];       // threads_per_threadgroup
  unsigned groups[3];      // threadgroups_per_grid
  unsigned position[3];    // threadgroup_position_in_grid, of the group that runs now
  unsigned simdgroups;     // simdgroups_per_threadgroup
};

extern Thread* self;
extern Launch launch;

// An input or an output as the kernel sees it.
struct Argument {
  void* data;
  const int* shape;
  const std::int64_t* strides;
  int rank;
};

// A value that a thread brings to an operation of its SIMD group: at most 16 bytes.
struct alignas(16) Slot {
  unsigned char bytes[16];
};

// Computes what every active lane gets, from what the active lanes brought and their extra arguments (a lane, a mask).
using Combine = void (*)(const Slot* brought, unsigned active, const unsigned* extra, Slot* got);

enum MemoryFlags : unsigned { mem_none = 0, mem_device = 1, mem_threadgroup = 2, mem_texture = 4 };

// The learner's line comes from the default argument at the call.
void barrier(unsigned flags, int line);
void simd_barrier(unsigned flags, int line);
void simd_operation(Combine combine, const Slot& brought, unsigned extra, Slot& got, bool needs_all, const char* name, int line);
void inactive_lane(const char* name, unsigned lane, int line);
unsigned active_lanes();

// Memory of the threadgroup for one declaration; the same for all threads of a group.
void* threadgroup_memory(int id, const char* name, std::size_t bytes, std::size_t element, int line);

// An access that the compiler's instrumentation must not see twice: atomics.
void atomic_access(const void* address, std::size_t bytes, bool write, int line);

}  // namespace tinyllm

// The one function that the generated source defines: the body of the kernel, for the thread that runs now.
extern void tinyllm_kernel(const tinyllm::Argument* arguments);
