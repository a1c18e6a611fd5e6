#include "kernel_products.h"

#include <math.h>

#include "vectors.h"

// ROWS rows times PANELS * 16 columns from column `k` on, in registers. Each sum runs over the dimensions in their order.
#define PRODUCT_TILE(ROWS, PANELS)                                                          \
  do {                                                                                      \
    lanes sums[ROWS][PANELS] = {0};                                                         \
    for (long d = 0; d < dim; d++) {                                                        \
      for (int p = 0; p < PANELS; p++) {                                                    \
        lanes column = load(columns + d * width + k + p * LANES);                           \
        for (int r = 0; r < ROWS; r++) sums[r][p] += splat(row[r * stride + d]) * column;   \
      }                                                                                     \
    }                                                                                       \
    for (int r = 0; r < ROWS; r++)                                                          \
      for (int p = 0; p < PANELS; p++) store(out + r * width + k + p * LANES, sums[r][p]);  \
  } while (0)

#define PRODUCT_ROWS(ROWS)                                                  \
  do {                                                                      \
    long k = 0;                                                             \
    /* Three panels at the end rather than a single one, whose sums wait for each other. */ \
    for (; width - k == 2 * LANES || width - k >= 4 * LANES; k += 2 * LANES) PRODUCT_TILE(ROWS, 2); \
    if (width - k == 3 * LANES)                                             \
      PRODUCT_TILE(ROWS, 3);                                                \
    else if (k < width)                                                     \
      PRODUCT_TILE(ROWS, 1);                                                \
  } while (0)

INLINE void multiply_four(const float *row, long stride, long dim, const float *columns, long width, float *out) {
  PRODUCT_ROWS(4);
}

INLINE void multiply_one(const float *row, long stride, long dim, const float *columns, long width, float *out) {
  PRODUCT_ROWS(1);
}

/// Of a single panel: as many sums at a time as with four rows and two panels.
INLINE void multiply_eight(const float *row, long stride, long dim, const float *columns, long width, float *out) {
  long k = 0;
  PRODUCT_TILE(8, 1);
}

KERNEL void kernel_row_products(const float *rows, long stride, long dim, const float *columns, long width, long first, long end,
                                float *out) {
  long r = first;
  if (width == LANES)
    for (; r + 8 <= end; r += 8) multiply_eight(rows + r * stride, stride, dim, columns, width, out + (r - first) * width);
  for (; r + 4 <= end; r += 4) multiply_four(rows + r * stride, stride, dim, columns, width, out + (r - first) * width);
  for (; r < end; r++) multiply_one(rows + r * stride, stride, dim, columns, width, out + (r - first) * width);
}

/// The first place of the largest of products[k] - offsets[k]; 0 where all are NaN.
INLINE int32_t best_column(const float *products, const float *offsets, long width) {
  lanes best = splat(-INFINITY);
  vi place = {0}, now = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (long k = 0; k < width; k += LANES) {
    lanes value = load(products + k) - load(offsets + k);
    vi better = value > best;
    best = vf_select(better, value, best);
    place = better ? now : place;
    now += LANES;
  }
  lanes top = splat(vf_max_lane(best));
  vi first = best == top ? place : (vi)INT32_MAX;
  return __builtin_reduce_min(first);
}

KERNEL void kernel_nearest_columns(const float *rows, long stride, long dim, const float *columns, const float *offsets,
                                   long width, long first, long end, float *scratch, int32_t *labels) {
  long r = first;
  for (; r + 4 <= end; r += 4) {
    multiply_four(rows + r * stride, stride, dim, columns, width, scratch);
    for (long n = 0; n < 4; n++) labels[r + n] = best_column(scratch + n * width, offsets, width);
  }
  for (; r < end; r++) {
    multiply_one(rows + r * stride, stride, dim, columns, width, scratch);
    labels[r] = best_column(scratch, offsets, width);
  }
}

INLINE float squared_gap(const float *a, const float *b, long stride) {
  lanes sum = {0};
  for (long d = 0; d < stride; d += LANES) {
    lanes gap = load(a + d) - load(b + d);
    sum += gap * gap;
  }
  return lane_sum(sum);
}

KERNEL double kernel_squared_distances(const float *rows, long stride, const float *centers, const int32_t *labels, long first,
                                       long end) {
  double sum = 0;
  for (long r = first; r < end; r++) sum += squared_gap(rows + r * stride, centers + labels[r] * stride, stride);
  return sum;
}

KERNEL double kernel_shorten_distances(const float *rows, long stride, const float *center, long first, long end,
                                       float *distances) {
  double sum = 0;
  for (long r = first; r < end; r++) {
    float distance = squared_gap(rows + r * stride, center, stride);
    if (!(distance >= distances[r])) distances[r] = distance;
    sum += distances[r];
  }
  return sum;
}

KERNEL void kernel_mean_row(const float *rows, long stride, const int32_t *members, long count, float *mean) {
  for (long d = 0; d < stride; d += LANES) {
    vd sum = {0};
    for (long n = 0; n < count; n++) {
      lanes row = load(rows + members[n] * stride + d);
      sum += __builtin_convertvector(row, vd);
    }
    for (int l = 0; l < LANES; l++) mean[d + l] = (float)(sum[l] / (double)count);
  }
}

INLINE int32_t soft_assignment(float *similarities, const float *offsets, long width, float sharpness) {
  lanes best = splat(-INFINITY);
  for (long k = 0; k < width; k += LANES) {
    lanes value = load(similarities + k) - load(offsets + k);
    store(similarities + k, value);
    best = vf_select(value > best, value, best);
  }
  lanes top = splat(vf_max_lane(best)), sum = {0};
  // Beside the exponentials, so that nothing waits for the place of the highest.
  vi place = (vi)INT32_MAX, now = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (long k = 0; k < width; k += LANES) {
    lanes value = load(similarities + k);
    vi here = value == top ? now : (vi)INT32_MAX;
    place = here < place ? here : place;
    now += LANES;
    lanes weight = vf_exp((value - top) * splat(sharpness));
    store(similarities + k, weight);
    sum += weight;
  }
  lanes share = splat(1 / lane_sum(sum));
  for (long k = 0; k < width; k += LANES) store(similarities + k, load(similarities + k) * share);
  int32_t first = __builtin_reduce_min(place);
  return first == INT32_MAX ? 0 : first;
}

KERNEL void kernel_soft_assignments(float *similarities, const float *offsets, long width, long row_count, float sharpness,
                                    int32_t *labels) {
  for (long r = 0; r < row_count; r++) labels[r] = soft_assignment(similarities + r * width, offsets, width, sharpness);
}

/// Replaces assignments by the derivative with respect to the similarities.
INLINE void differentiate_assignment(float *own, const float *gradient, long width, float sharpness) {
  lanes sum = {0};
  for (long k = 0; k < width; k += LANES) sum += load(own + k) * load(gradient + k);
  lanes mean = splat(lane_sum(sum));
  for (long k = 0; k < width; k += LANES) store(own + k, load(own + k) * (load(gradient + k) - mean) * splat(sharpness));
}

KERNEL void kernel_soft_assignment_gradients(float *assignments, const float *gradients, long width, long row_count,
                                             float sharpness) {
  for (long r = 0; r < row_count; r++)
    differentiate_assignment(assignments + r * width, gradients + r * width, width, sharpness);
}

KERNEL void kernel_straight_through_gradients(const kernel_stand_ins *batch, long first, long end, float *assignments,
                                              float *scratch, float *center_sums) {
  long width = batch->width, stride = batch->stride;
  for (long item = first; item < end; item++) {
    float *center = center_sums + batch->labels[item] * stride;
    for (long k = 0; k < width; k += LANES) store(scratch + k, splat(0));
    for (long n = batch->offsets[item]; n < batch->offsets[item + 1]; n++) {
      long place = batch->places[n], user = batch->user_slots[place / batch->columns];
      lanes slope = splat(batch->slopes[place]);
      const float *scores = batch->scores + user * width, *row = batch->users + user * stride;
      for (long k = 0; k < width; k += LANES) store(scratch + k, load(scratch + k) + slope * load(scores + k));
      for (long d = 0; d < stride; d += LANES) store(center + d, load(center + d) + slope * load(row + d));
    }
    differentiate_assignment(assignments + (item - first) * width, scratch, width, batch->sharpness);
  }
}

/// Four columns of the factors and up to two vectors of the rows stay in registers over all rows.
#define ADD_PRODUCTS(columns, vectors)                                                                                   \
  do {                                                                                                                   \
    lanes sum[columns][vectors];                                                                                         \
    for (int k = 0; k < columns; k++)                                                                                    \
      for (int v = 0; v < vectors; v++) sum[k][v] = load(own + k * stride + v * LANES);                                  \
    for (long n = 0; n < row_count; n++)                                                                                 \
      for (int k = 0; k < columns; k++)                                                                                  \
        for (int v = 0; v < vectors; v++)                                                                                \
          sum[k][v] += splat(factors[n * width + first + k]) * load(rows + n * stride + d + v * LANES);                  \
    for (int k = 0; k < columns; k++)                                                                                    \
      for (int v = 0; v < vectors; v++) store(own + k * stride + v * LANES, sum[k][v]);                                  \
  } while (0)

KERNEL void kernel_add_outer_products(const float *factors, long width, long count, const float *rows, long stride,
                                      long row_count, float *sums) {
  long first = 0;
  for (; first + 4 <= count; first += 4) {
    long d = 0;
    for (; d + 2 * LANES <= stride; d += 2 * LANES) {
      float *own = sums + first * stride + d;
      ADD_PRODUCTS(4, 2);
    }
    if (d < stride) {
      float *own = sums + first * stride + d;
      ADD_PRODUCTS(4, 1);
    }
  }
  for (; first < count; first++)
    for (long d = 0; d < stride; d += LANES) {
      float *own = sums + first * stride + d;
      ADD_PRODUCTS(1, 1);
    }
}

KERNEL void kernel_add_rows(const float *rows, long width, long row_count, float *sums) {
  for (long n = 0; n < row_count; n++)
    for (long k = 0; k < width; k += LANES) store(sums + k, load(sums + k) + load(rows + n * width + k));
}

KERNEL void kernel_softmax_columns(float *scores, long count, float *tops, double *sums) {
  lanes top = splat(-INFINITY);
  for (long n = 0; n < count; n++) {
    lanes score = load(scores + n * LANES);
    top = vf_select(score <= top, top, score);
  }
  store(tops, top);
  vd sum = {0};
  for (long first = 0; first < count; first += KERNEL_SOFTMAX_BLOCK) {
    long end = first + KERNEL_SOFTMAX_BLOCK < count ? first + KERNEL_SOFTMAX_BLOCK : count;
    vd part = {0};
    for (long n = first; n < end; n++) {
      lanes weight = vf_exp(load(scores + n * LANES) - top);
      store(scores + n * LANES, weight);
      part += __builtin_convertvector(weight, vd);
    }
    sum += part;
    for (int l = 0; l < LANES; l++) sums[first / KERNEL_SOFTMAX_BLOCK * LANES + l] = sum[l];
  }
}

int32_t kernel_softmax_draw(const float *weights, long count, const double *sums, double uniform) {
  long blocks = (count - 1) / KERNEL_SOFTMAX_BLOCK + 1, low = 0, rest = blocks;
  double total = sums[(blocks - 1) * LANES], goal = uniform * total;
  while (rest > 1) {
    long half = rest / 2;
    low += sums[(low + half - 1) * LANES] <= goal ? half : 0;
    rest -= half;
  }
  if (low > 0) goal -= sums[(low - 1) * LANES];
  long first = low * KERNEL_SOFTMAX_BLOCK, end = first + KERNEL_SOFTMAX_BLOCK < count ? first + KERNEL_SOFTMAX_BLOCK : count;
  // Where rounding leads past the end of a block, its last item of any weight is taken.
  long found = -1;
  double sum = 0;
  for (long n = first; n < end; n++) {
    if (weights[n * LANES] == 0) continue;
    found = n;
    sum += weights[n * LANES];
    if (sum > goal) break;
  }
  // A last block without any weight: the search ends in it where the goal rounds to the total.
  while (found < 0) {
    first--;
    if (weights[first * LANES] != 0) found = first;
  }
  return (int32_t)found;
}
