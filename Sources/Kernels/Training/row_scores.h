#ifndef ROW_SCORES_H
#define ROW_SCORES_H

// One score: what all kernels that score rows of tables share.

#include "kernel_rows.h"
#include "vectors.h"

INLINE void prefetch_row(const float *row, long stride) {
  for (long i = 0; i < stride; i += LANES) __builtin_prefetch(row + i, 0, 3);
}

INLINE float product(const float *a, const float *b, long stride) {
  lanes sum = {0};
  for (long i = 0; i < stride; i += LANES) sum += load(a + i) * load(b + i);
  return lane_sum(sum);
}

INLINE float item_score(int score, const float *user, float user_square, const float *table, const float *scale, int32_t row,
                        long stride) {
  float s = product(user, table + (long)row * stride, stride);
  if (score == KERNEL_SCORE_COSINE) s *= scale[row];
  if (score == KERNEL_SCORE_EUCLIDEAN) {
    s = 2 * s - user_square - scale[row];
    // Rows that nearly coincide round to either side of 0, and a loss may take the root of the distance. NaN stays.
    s = s > 0 ? 0 : s;
  }
  return s;
}

#endif
