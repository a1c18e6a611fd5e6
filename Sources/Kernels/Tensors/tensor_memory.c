#include "kernels_tensor.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

void kernel_keep_freed_blocks(int largest, int total) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, largest);
  mallopt(M_TRIM_THRESHOLD, total);
#else
  (void)largest, (void)total;
#endif
}
