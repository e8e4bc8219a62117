// Memory that is read from end to end.

#pragma once

#include <cstddef>

namespace tinyllm {

/** Asks the system for large pages, where the memory is large: each small page costs a walk through the page table. Before its first use. */
void want_large_pages(void* from, size_t bytes);

} // namespace tinyllm
