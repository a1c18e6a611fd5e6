#include <stddef.h>

#include "kernels_tensor.h"
#include "random.h"
#include "vectors.h"

// Rows of two matrices met pairwise. Rows have any length and any alignment.

INLINE void prefetch_pair(const float *row, long dim) {
  for (long i = 0; i < dim; i += LANES) __builtin_prefetch(row + i);
}

typedef _Bool lane_bits __attribute__((ext_vector_type(LANES)));

/// The lanes of x whose bit is 1, 0 in the others.
#define KEPT_LANES(x, bits) \
  vf_select(__builtin_convertvector(__builtin_bit_cast(lane_bits, (uint16_t)(bits)), vi) != 0, x, splat(0))

// `kept` is NULL where nothing is dropped.
INLINE float pair_product(const float *a, const float *b, long dim, const uint16_t *kept) {
  lanes sum = {0};
  long i = 0;
  for (; i + LANES <= dim; i += LANES) {
    lanes product = load(a + i) * load(b + i);
    sum += kept ? KEPT_LANES(product, kept[i / LANES]) : product;
  }
  if (i < dim) {
    lanes product = vf_load_part(a + i, dim - i) * vf_load_part(b + i, dim - i);
    sum += kept ? KEPT_LANES(product, kept[i / LANES]) : product;
  }
  return lane_sum(sum);
}

INLINE void pair_products(float *out, const float *a, const int32_t *a_rows, const float *b, const int32_t *b_rows, long count,
                          long dim, const uint16_t *kept, float factor) {
  long words = (dim + LANES - 1) / LANES;
  for (long e = 0; e < count; e++) {
    if (e + 8 < count) prefetch_pair(b + (long)b_rows[e + 8] * dim, dim);
    float product = pair_product(a + (long)a_rows[e] * dim, b + (long)b_rows[e] * dim, dim, kept ? kept + e * words : kept);
    out[e] = kept ? factor * product : product;
  }
}

KERNEL void kernel_pair_products(float *out, const float *a, const int32_t *a_rows, const float *b, const int32_t *b_rows,
                                 long count, long dim, const uint16_t *kept, float factor) {
  if (kept) pair_products(out, a, a_rows, b, b_rows, count, dim, kept, factor);
  else pair_products(out, a, a_rows, b, b_rows, count, dim, NULL, 1);
}

typedef struct {
  const float *weights;
  const int32_t *order;
  const float *b;
  const int32_t *b_rows;
  long count;
  long dim;
  const uint16_t *kept;
  long words;
  float factor;
} pair_sum;

enum { MOST_VECTORS = 4 };

/// The sums of `vectors` times 16 columns from `first` on, which stay in registers while the rows go by.
INLINE void sum_columns(float *out, const pair_sum *sum, long first, int vectors, int drops) {
  lanes sums[MOST_VECTORS] = {{0}, {0}, {0}, {0}};
  for (long p = 0; p < sum->count; p++) {
    if (p + 8 < sum->count)
      prefetch_pair(sum->b + (long)sum->b_rows[sum->order[p + 8]] * sum->dim + first, vectors * LANES);
    long pair = sum->order[p];
    const float *row = sum->b + (long)sum->b_rows[pair] * sum->dim + first;
    lanes weight = splat(drops ? sum->factor * sum->weights[pair] : sum->weights[pair]);
    for (int v = 0; v < vectors; v++) {
      lanes part = load(row + v * LANES);
      sums[v] += weight * (drops ? KEPT_LANES(part, sum->kept[pair * sum->words + first / LANES + v]) : part);
    }
  }
  for (int v = 0; v < vectors; v++) store(out + first + v * LANES, sums[v]);
}

/// The same for the last columns, fewer than 16.
INLINE void sum_rest(float *out, const pair_sum *sum, long first, int drops) {
  long columns = sum->dim - first;
  lanes sums = {0};
  for (long p = 0; p < sum->count; p++) {
    long pair = sum->order[p];
    lanes part = vf_load_part(sum->b + (long)sum->b_rows[pair] * sum->dim + first, columns);
    lanes weight = splat(drops ? sum->factor * sum->weights[pair] : sum->weights[pair]);
    sums += weight * (drops ? KEPT_LANES(part, sum->kept[pair * sum->words + first / LANES]) : part);
  }
  vf_store_part(out + first, sums, columns);
}

INLINE void sum_pairs(float *out, const pair_sum *sum, int drops) {
  long first = 0;
  for (; first + 4 * LANES <= sum->dim; first += 4 * LANES) sum_columns(out, sum, first, 4, drops);
  if (first + 2 * LANES <= sum->dim) {
    sum_columns(out, sum, first, 2, drops);
    first += 2 * LANES;
  }
  if (first + LANES <= sum->dim) {
    sum_columns(out, sum, first, 1, drops);
    first += LANES;
  }
  if (first < sum->dim) sum_rest(out, sum, first, drops);
}

KERNEL void kernel_pair_sum(float *out, const float *weights, const int32_t *order, const float *b, const int32_t *b_rows,
                            long count, long dim, const uint16_t *kept, float factor) {
  pair_sum sum = {weights, order, b, b_rows, count, dim, kept, (dim + LANES - 1) / LANES, factor};
  if (kept) sum_pairs(out, &sum, 1);
  else sum_pairs(out, &sum, 0);
}

KERNEL void kernel_kept_elements(uint16_t *kept, uint64_t key, uint64_t first, float rate, long count, long dim) {
  for (long row = 0; row < count; row++) {
    for (long i = 0; i < dim; i += LANES) {
      uint64_t position = first + (uint64_t)(row * dim + i);
      float uniforms[LANES];
      for (int l = 0; l < LANES; l++) uniforms[l] = (float)(int32_t)(random_bits(key, position + (uint64_t)l) >> 40) * 0x1p-24f;
      *kept++ = __builtin_bit_cast(uint16_t, __builtin_convertvector(load(uniforms) >= splat(rate), lane_bits));
    }
  }
}
