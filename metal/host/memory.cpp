// Every load and store of the kernel arrives here before it happens: is it inside a buffer, is its value defined, and does another
// thread touch the same place with nothing to order the two? Stops at the first access out of bounds: it must not happen.
#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>

namespace tinyllm {

namespace {

std::vector<Region*> regions;
std::map<int, Region*> threadgroup_regions;
Region* last_hit = nullptr;
bool only_buffers = true;
Site latest;
std::vector<std::pair<std::uintptr_t, std::uintptr_t>> readable;  // the host run's own, which a kernel sees: positions, shapes

constexpr std::size_t threadgroup_limit = 32768;  // bytes per threadgroup on every Apple GPU

// element × count bytes between two guards that nobody may touch, as large as the machine grants.
Region* reserve(const std::string& name, std::size_t bytes, std::size_t element, bool tight, std::size_t guard) {
  auto page = std::size_t(sysconf(_SC_PAGESIZE));
  std::size_t body = (bytes + page - 1) / page * page + page;
  void* zone = MAP_FAILED;
  for (; zone == MAP_FAILED && guard >= page; guard /= 8) {
    zone = mmap(nullptr, body + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    if (zone != MAP_FAILED) {
      break;
    }
  }
  if (zone == MAP_FAILED) {
    fatal("memory", {}, {}, "the machine has no memory for " + std::to_string(bytes) + " bytes of " + name);
  }
  char* start = static_cast<char*>(zone) + guard;
  mprotect(start, body, PROT_READ | PROT_WRITE);
  auto* region = new Region();
  region->name = name;
  region->element = element;
  region->zone_begin = reinterpret_cast<std::uintptr_t>(zone);
  region->zone_end = region->zone_begin + body + 2 * guard;
  std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(start);
  region->begin = tight ? (begin + body - bytes) & ~std::uintptr_t(63) : begin;
  region->end = region->begin + bytes;
  regions.push_back(region);
  return region;
}

Region* find(std::uintptr_t address) {
  if (last_hit != nullptr && address >= last_hit->zone_begin && address < last_hit->zone_end) {
    return last_hit;
  }
  for (Region* region : regions) {
    if (address >= region->zone_begin && address < region->zone_end) {
      return last_hit = region;
    }
  }
  return nullptr;
}

long long index_of(const Region& region, std::uintptr_t address) {
  auto distance = static_cast<long long>(address) - static_cast<long long>(region.begin);
  auto element = static_cast<long long>(region.element);
  return distance >= 0 ? distance / element : -((-distance + element - 1) / element);
}

std::string element_name(const Region& region, std::uintptr_t address) {
  return region.name + "[" + std::to_string(index_of(region, address)) + "]";
}

[[noreturn]] void out_of_bounds(const Region& region, std::uintptr_t address, bool write, Site site) {
  std::size_t count = (region.end - region.begin) / region.element;
  fatal("out-of-bounds", site, {},
        name_of(*self) + (write ? " writes " : " reads ") + element_name(region, address) + ", and " + region.name + " has " +
            std::to_string(count) + (count == 1 ? " element" : " elements") +
            (region.threadgroup ? " of threadgroup memory" : " (" + region.dtype + ")"));
}

extern "C" char __executable_start __attribute__((weak));
extern "C" char _end __attribute__((weak));

bool is_program(std::uintptr_t address) {
  auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start), end = reinterpret_cast<std::uintptr_t>(&_end);
  return begin == 0 || (address >= begin && address < end);
}

void outside(std::uintptr_t address, bool write, Site site) {
  const GpuThread& thread = *running_thread();
  if (!only_buffers || thread.fiber.in_guard(reinterpret_cast<void*>(address))) {
    return;  // C++ has its heap; a stack that is too small ends in a signal
  }
  if (is_program(address) && !write) {
    return;
  }
  for (const auto& [begin, end] : readable) {
    if (address >= begin && address < end && !write) {
      return;
    }
  }
  fatal("out-of-bounds", site, {},
        name_of(*self) + (write ? " writes" : " reads") +
            (address < 4096 ? " through a null pointer" : " far outside of every buffer: is an index or a pointer not initialised?"));
}

}  // namespace

void allow_other_memory() { only_buffers = false; }

void allow_reading(const void* from, std::size_t bytes) {
  auto begin = reinterpret_cast<std::uintptr_t>(from);
  readable.emplace_back(begin, begin + bytes);
}

Region* add_buffer(const BufferSpec& spec, bool tight) {
  Region* region = reserve(spec.name, spec.element * spec.count, spec.element, tight, std::size_t(1) << 30);
  region->dtype = spec.dtype;
  region->output = spec.output;
  region->initialised = spec.initialised;
  region->granule = spec.element < 4 ? spec.element : 4;
  region->number = int(regions.size()) - 1;
  std::memset(reinterpret_cast<void*>(region->begin), 0xff, spec.element * spec.count);
  if (spec.output) {
    region->cells.resize(spec.element * spec.count / region->granule);
  }
  return region;
}

void* threadgroup_memory(int id, const char* name, std::size_t bytes, std::size_t element, int line) {
  Region*& region = threadgroup_regions[id];
  if (region == nullptr) {
    region = reserve(name, bytes, element, false, std::size_t(1) << 20);
    region->threadgroup = true;
    region->granule = element < 4 ? element : 4;
    region->number = -1;
    region->cells.resize(bytes / region->granule);
    std::memset(reinterpret_cast<void*>(region->begin), 0xff, bytes);
    if (threadgroup_bytes() > threadgroup_limit) {
      fatal("threadgroup-memory", Site::of_line(line), {},
            "with " + std::string(name) + " the group has " + std::to_string(threadgroup_bytes()) +
                " bytes of threadgroup memory; a GPU of Apple gives " + std::to_string(threadgroup_limit));
    }
  }
  return reinterpret_cast<void*>(region->begin);
}

std::size_t threadgroup_bytes() {
  std::size_t bytes = 0;
  for (const auto& [id, region] : threadgroup_regions) {
    bytes += region->end - region->begin;
  }
  return bytes;
}

Site latest_access() { return latest; }

void begin_group() {
  for (auto& [id, region] : threadgroup_regions) {
    std::memset(reinterpret_cast<void*>(region->begin), 0xff, region->end - region->begin);
  }
}

void report_unwritten() {
  for (Region* region : regions) {
    if (!region->output || region->initialised) {
      continue;
    }
    std::size_t missing = 0, first = 0;
    for (std::size_t i = 0; i < region->cells.size(); ++i) {
      if (region->cells[i].written.group == 0 && missing++ == 0) {
        first = i * region->granule / region->element;
      }
    }
    if (missing > 0) {
      missing = missing * region->granule / region->element;
      finding("unwritten-output", {}, {},
              std::to_string(missing < 1 ? 1 : missing) + " of " + std::to_string((region->end - region->begin) / region->element) +
                  " elements of " + region->name + " are never written, the first is " + region->name + "[" + std::to_string(first) +
                  "]; give an initial value, or write them all");
    }
  }
}

std::string describe_address(const void* address) {
  auto value = reinterpret_cast<std::uintptr_t>(address);
  Region* region = find(value);
  if (region != nullptr) {
    return element_name(*region, value) + " (" + region->name + " has " + std::to_string((region->end - region->begin) / region->element) +
           " elements)";
  }
  return value < 4096 ? "memory through a null pointer" : "memory that is not its own";
}

static void look_at(std::uintptr_t address, std::size_t bytes, bool write, bool atomic, Site site) {
  latest = site;
  Region* region = find(address);
  if (region == nullptr) {
    outside(address, write, site);
    return;
  }
  if (address < region->begin || address + bytes > region->end) {
    out_of_bounds(*region, address < region->begin ? address : address + bytes - 1, write, site);
  }
  if (!region->threadgroup && !region->output && write) {
    fatal("write-to-input", site, {}, name_of(*self) + " writes " + element_name(*region, address) + ", and " + region->name + " is an input");
  }
  count_access(site, region->threadgroup, write, address, bytes);
  if (!region->threadgroup) {
    trace_access(site, region->number, (address - region->begin) / region->element, write);
  }
  if (!region->cells.empty()) {
    shadow(*region, address, bytes, write, atomic, site);
  }
}

void access(std::uintptr_t address, std::size_t bytes, bool write, bool atomic, Site site) {
  const GpuThread* thread = running_thread();
  if (thread == nullptr || thread->fiber.owns(reinterpret_cast<void*>(address))) {
    return;
  }
  enter_runtime();
  look_at(address, bytes, write, atomic, site);
  leave_runtime();
}

}  // namespace tinyllm
