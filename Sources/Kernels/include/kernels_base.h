#ifndef KERNELS_BASE_H
#define KERNELS_BASE_H

#include <stddef.h>

/// Number of cores that this process may run on, at least 1.
int kernel_core_count(void);

/// Floats in the widest vectors of this processor that kernels are compiled for: 16, 8 or 4.
int kernel_vector_width(void);

/// Asks for large pages beneath memory that is read in random order: fewer misses of the address translation.
void kernel_prefer_large_pages(void *memory, size_t bytes);

#endif
