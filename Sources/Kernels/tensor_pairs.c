#include "kernels_tensor.h"
#include "vectors.h"

// Rows of two matrices met pairwise. Rows have any length and any alignment.

INLINE void prefetch_pair(const float *row, long dim) {
  for (long i = 0; i < dim; i += LANES) __builtin_prefetch(row + i);
}

INLINE float pair_product(const float *a, const float *b, long dim) {
  f16 sum = {0};
  long i = 0;
  for (; i + LANES <= dim; i += LANES) sum += load(a + i) * load(b + i);
  if (i < dim) sum += vf_load_part(a + i, dim - i) * vf_load_part(b + i, dim - i);
  return lane_sum(sum);
}

KERNEL void kernel_pair_products(float *out, const float *a, const int32_t *a_rows, const float *b, const int32_t *b_rows,
                                 long count, long dim) {
  for (long e = 0; e < count; e++) {
    if (e + 8 < count) prefetch_pair(b + (long)b_rows[e + 8] * dim, dim);
    out[e] = pair_product(a + (long)a_rows[e] * dim, b + (long)b_rows[e] * dim, dim);
  }
}

KERNEL void kernel_pair_sum(float *out, const float *weights, const int32_t *order, const float *b, const int32_t *b_rows,
                            long count, long dim) {
  for (long i = 0; i < dim; i++) out[i] = 0;
  for (long p = 0; p < count; p++) {
    if (p + 8 < count) prefetch_pair(b + (long)b_rows[order[p + 8]] * dim, dim);
    const float *row = b + (long)b_rows[order[p]] * dim;
    f16 weight = splat(weights[order[p]]);
    long i = 0;
    for (; i + LANES <= dim; i += LANES) store(out + i, load(out + i) + weight * load(row + i));
    if (i < dim) vf_store_part(out + i, vf_load_part(out + i, dim - i) + weight * vf_load_part(row + i, dim - i), dim - i);
  }
}
