#ifndef KERNELS_BASE_H
#define KERNELS_BASE_H

#include <stddef.h>

/// Number of cores that this process may run on, at least 1.
int kernel_core_count(void);

/// Asks for large pages beneath memory that is read in random order: fewer misses of the address translation.
void kernel_prefer_large_pages(void *memory, size_t bytes);

#endif
