#include "kernels_tensor.h"
#include "vectors.h"

// Rows of two matrices met pairwise. Rows have any length and any alignment.

INLINE void prefetch_pair(const float *row, long dim) {
  for (long i = 0; i < dim; i += LANES) __builtin_prefetch(row + i);
}

INLINE float pair_product(const float *a, const float *b, long dim) {
  lanes sum = {0};
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

enum { TILE = 4 * LANES };

// The sums of TILE columns, which stay in registers while the rows go by.
INLINE void pair_sum_of_tile(float *out, const float *weights, const int32_t *order, const float *b, const int32_t *b_rows,
                             long count, long dim) {
  lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  for (long p = 0; p < count; p++) {
    if (p + 8 < count) prefetch_pair(b + (long)b_rows[order[p + 8]] * dim, TILE);
    const float *row = b + (long)b_rows[order[p]] * dim;
    lanes weight = splat(weights[order[p]]);
    s0 += weight * load(row);
    s1 += weight * load(row + LANES);
    s2 += weight * load(row + 2 * LANES);
    s3 += weight * load(row + 3 * LANES);
  }
  store(out, s0);
  store(out + LANES, s1);
  store(out + 2 * LANES, s2);
  store(out + 3 * LANES, s3);
}

// The same for `columns` of them, any number.
INLINE void pair_sum_of_rest(float *out, const float *weights, const int32_t *order, const float *b, const int32_t *b_rows,
                             long count, long dim, long columns) {
  for (long i = 0; i < columns; i++) out[i] = 0;
  for (long p = 0; p < count; p++) {
    const float *row = b + (long)b_rows[order[p]] * dim;
    lanes weight = splat(weights[order[p]]);
    long i = 0;
    for (; i + LANES <= columns; i += LANES) store(out + i, load(out + i) + weight * load(row + i));
    if (i < columns) {
      lanes part = vf_load_part(out + i, columns - i) + weight * vf_load_part(row + i, columns - i);
      vf_store_part(out + i, part, columns - i);
    }
  }
}

KERNEL void kernel_pair_sum(float *out, const float *weights, const int32_t *order, const float *b, const int32_t *b_rows,
                            long count, long dim) {
  long first = 0;
  for (; first + TILE <= dim; first += TILE) pair_sum_of_tile(out + first, weights, order, b + first, b_rows, count, dim);
  if (first < dim) pair_sum_of_rest(out + first, weights, order, b + first, b_rows, count, dim, dim - first);
}
