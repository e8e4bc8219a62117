// A buffer or a threadgroup variable, with what is known of every element: who wrote it, and who read it since.
#pragma once

#include "host.h"

namespace tinyllm {

struct Access {
  std::uint32_t group = 0;  // 0: never
  std::uint32_t epoch = 0, simd_epoch = 0;
  std::uint16_t thread = 0;
  bool atomic = false;
  Site site;
};

// Two readers are enough: of one SIMD group and of another.
struct Cell {
  Access written, read, read_elsewhere;
};

struct Region {
  std::string name, dtype;
  std::uintptr_t zone_begin, zone_end, begin, end;
  std::size_t element, granule;
  int number;
  bool threadgroup = false, output = false, initialised = false;
  std::vector<Cell> cells;
};

Region* add_buffer(const BufferSpec& spec, bool tight);
void allow_other_memory();
void access(std::uintptr_t address, std::size_t bytes, bool write, bool atomic, Site site);
void shadow(Region& region, std::uintptr_t address, std::size_t bytes, bool write, bool atomic, Site site);

}  // namespace tinyllm
