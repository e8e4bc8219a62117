// Memory that is read from end to end.

#pragma once

#include <cstddef>

namespace tinyllm {

/** Asks the system for large pages, where the memory is large: each small page costs a walk through the page table. Before its first use. */
void want_large_pages(void* from, size_t bytes);

/**
 * Moves memory that is written, and will be read many times, into large pages, its neighbours with it where they share one; many matrices
 * are smaller than a few such pages. Linux 6.1 and newer; elsewhere, or where the system has none to give, everything stays as it is.
 */
void gather_in_large_pages(void* from, size_t bytes);

} // namespace tinyllm
