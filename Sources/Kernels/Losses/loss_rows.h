#ifndef LOSS_ROWS_H
#define LOSS_ROWS_H

// Loops that the losses of losses_*.c share. A lane beyond the last score must cost nothing and have no derivative.

#include <math.h>

#include "vectors.h"

/// The lanes of the array at `pointer` that stand beside the scores under way.
#define BESIDE(pointer) (j + LANES <= count ? load((pointer) + j) : vf_load_part((pointer) + j, count - j))

/// Runs a body over 16 negatives at a time: `s` holds the scores, with `rest` in the lanes beyond the last, and the body leaves
/// the derivatives in `g`.
#define FOR_EACH_NEGATIVE(rest, ...)                                           \
  do {                                                                         \
    long j = 0;                                                                \
    for (; j + LANES <= count; j += LANES) {                                   \
      lanes s = load(negative + j), g;                                           \
      __VA_ARGS__;                                                             \
      store(negative_gradient + j, g);                                         \
    }                                                                          \
    if (j < count) {                                                           \
      lanes s = vf_load_part_or(negative + j, count - j, rest), g;               \
      __VA_ARGS__;                                                             \
      vf_store_part(negative_gradient + j, g, count - j);                      \
    }                                                                          \
  } while (0)

/// Runs a body over 16 rows of one negative each: `p` holds the positives, `s` the negatives. The body leaves each row's unscaled
/// value in `cost` and the derivatives with respect to `p` and `s` in `h` and `g`.
#define FOR_EACH_PAIR(...)                                                     \
  for (long j = 0; j < count; j += LANES) {                                    \
    long part = count - j < LANES ? count - j : LANES;                         \
    float left[LANES] = {0}, right[LANES] = {0};                               \
    for (long i = 0; i < part; i++) {                                          \
      left[i] = scores[2 * (j + i)];                                           \
      right[i] = scores[2 * (j + i) + 1];                                      \
    }                                                                          \
    lanes p = load(left), s = load(right), cost, g, h;                           \
    __VA_ARGS__;                                                               \
    float of_row[LANES];                                                       \
    store(of_row, cost);                                                       \
    store(left, h);                                                            \
    store(right, g);                                                           \
    for (long i = 0; i < part; i++) {                                          \
      values[j + i] = (double)scale * of_row[i];                               \
      gradients[2 * (j + i)] = left[i];                                        \
      gradients[2 * (j + i) + 1] = right[i];                                   \
    }                                                                          \
  }

/// softplus in double; NaN for NaN, which fmax would drop.
VF_INLINE double softplus_of(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))) + (x - x); }
VF_INLINE double sigmoid_of(double x) { return 1 / (1 + exp(-x)); }

/// `yes` where x > 0 or is NaN, so that NaN is noticed: a comparison with it is false.
#define WHERE_POSITIVE(x, yes) vf_select((x) <= splat(0), splat(0), yes)

#endif
