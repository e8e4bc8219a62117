// Who touched an element, and what orders the two accesses. Between threads of a group a barrier with the memory's flag does, inside
// a SIMD group a simdgroup_barrier too; between threadgroups of one launch nothing does.
#include "memory.h"

namespace tinyllm {

namespace {

std::string owner(const Access& access) {
  unsigned number = access.group - 1, position[3];
  const unsigned* groups = launch.groups;
  unsigned group[3] = {number % groups[0], number / groups[0] % groups[1], number / groups[0] / groups[1]};
  for (int d = 0; d < 3; ++d) {
    position[d] = group[d] * launch.group[d] + thread_of(access.thread).local[d];
  }
  return "thread " + triple_text(position);
}

bool races(const Access& before, const Access& now) {
  if (before.group == 0 || (before.atomic && now.atomic)) {
    return false;
  }
  if (before.group != now.group) {
    return true;
  }
  if (before.thread == now.thread || before.epoch != now.epoch) {
    return false;
  }
  bool same_simdgroup = before.thread / 32 == now.thread / 32;
  return !same_simdgroup || before.simd_epoch == now.simd_epoch;
}

void report_race(const Region& region, std::size_t element, const Access& before, bool wrote, const Access& now, bool writes) {
  std::string text = name_of(*self) + (writes ? " writes " : " reads ") + region.name + "[" + std::to_string(element) + "], which " +
                     owner(before) + (wrote ? " wrote" : " read") + " in line {other}";
  if (before.group != now.group) {
    text += ": they are of different threadgroups, which run in any order; use an atomic, or two launches";
  } else {
    text += std::string(" with no threadgroup_barrier(mem_flags::") + (region.threadgroup ? "mem_threadgroup" : "mem_device") + ") between";
  }
  finding("data-race", now.site, before.site, text);
}

void look(const Region& region, std::size_t element, const Access& before, bool wrote, const Access& now, bool writes) {
  if (region.threadgroup && before.group != now.group) {
    return;  // another group's memory, long gone
  }
  if (races(before, now)) {
    report_race(region, element, before, wrote, now, writes);
  }
}

void touch(Region& region, Cell& cell, std::size_t element, const Access& now, bool write) {
  bool written = region.threadgroup ? cell.written.group == now.group : cell.written.group != 0 || region.initialised;
  if (!write && !written) {
    finding("uninitialised-read", now.site, {},
            name_of(*self) + " reads " + region.name + "[" + std::to_string(element) + "], which nobody has written" +
                (region.threadgroup ? " in this group: threadgroup memory starts undefined" : ""));
  }
  look(region, element, cell.written, true, now, write);
  if (write) {
    look(region, element, cell.read, false, now, true);
    look(region, element, cell.read_elsewhere, false, now, true);
    cell.written = now;
    return;
  }
  bool same_reader = cell.read.group == now.group && cell.read.thread == now.thread;
  bool older = cell.read.group != now.group || cell.read.epoch != now.epoch;
  if (same_reader || older || cell.read.thread / 32 == now.thread / 32) {
    if (older) {
      cell.read_elsewhere = cell.read.group == now.group || region.threadgroup ? Access{} : cell.read;
    } else if (!same_reader && cell.read_elsewhere.group == 0) {
      cell.read_elsewhere = cell.read;
    }
    cell.read = now;
  } else {
    cell.read_elsewhere = now;
  }
}

// Threads that write single bytes of a word are no race: from the first such access on the region is looked at byte by byte.
void refine(Region& region) {
  std::vector<Cell> fine(region.end - region.begin);
  for (std::size_t i = 0; i < fine.size(); ++i) {
    fine[i] = region.cells[i / region.granule];
  }
  region.cells.swap(fine);
  region.granule = 1;
}

}  // namespace

void shadow(Region& region, std::uintptr_t address, std::size_t bytes, bool write, bool atomic, Site site) {
  std::size_t offset = address - region.begin;
  if (region.granule > 1 && (offset % region.granule != 0 || bytes % region.granule != 0)) {
    refine(region);
  }
  const GpuThread& thread = *running_thread();
  Access now;
  now.group = group_number();
  now.epoch = region.threadgroup ? threadgroup_epoch() : device_epoch();
  now.simd_epoch = simd_epoch(thread.ids.simdgroup);
  now.thread = std::uint16_t(thread.ids.index);
  now.atomic = atomic;
  now.site = site;
  for (std::size_t at = offset; at < offset + bytes; at += region.granule) {
    touch(region, region.cells[at / region.granule], at / region.element, now, write);
  }
}

}  // namespace tinyllm
