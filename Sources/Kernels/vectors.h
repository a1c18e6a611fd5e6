#ifndef KERNELS_VECTORS_H
#define KERNELS_VECTORS_H

#include "vector_math.h"

// Short names for the row kernels, over vector_math.h.

typedef vf lanes;
#define LANES VF_WIDTH
#define INLINE VF_INLINE
#define KERNEL KERNEL_DISPATCH

#define load vf_load
#define store vf_store
#define splat vf_splat
#define root vf_sqrt
#define larger vf_max
#define lane_sum vf_sum

/// Calls `body` with STRIDE a compile-time constant for the common row lengths (80: 64 numbers and a bias), so that its
/// loops unroll.
#define WITH_CONSTANT_STRIDE(stride, body)            \
  do {                                                \
    switch (stride) {                                 \
      case 16: { enum { STRIDE = 16 }; body; break; } \
      case 32: { enum { STRIDE = 32 }; body; break; } \
      case 64: { enum { STRIDE = 64 }; body; break; } \
      case 80: { enum { STRIDE = 80 }; body; break; } \
      case 128: { enum { STRIDE = 128 }; body; break; } \
      default: { const long STRIDE = (stride); body; break; } \
    }                                                 \
  } while (0)

#endif
