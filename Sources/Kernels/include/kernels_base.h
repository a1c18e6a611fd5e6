#ifndef KERNELS_BASE_H
#define KERNELS_BASE_H

/// Number of cores that this process may run on, at least 1.
int kernel_core_count(void);

#endif
