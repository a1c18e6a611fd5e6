#include <math.h>
#include <string.h>

#include "optimizer_rows.h"

// Rows that have a gradient.

KERNEL void kernel_step_row(const kernel_step *step, const kernel_table *table, int64_t row, float *gradient) {
  fading fades = fading_of(step);
  WITH_CONSTANT_STRIDE(table->stride, step_row(step, &fades, table, row, gradient, STRIDE));
}

/// Adds the regularizer, then steps or stores. Returns the sum of squares of what was stored.
INLINE double finish_row(const kernel_item_batch *batch, const fading *fades, int64_t row, float occurrences, float *gradient, int64_t stride) {
  const kernel_table *table = batch->table;
  float l2 = batch->per_occurrence * occurrences + batch->per_row;
  if (l2 != 0)
    for (int64_t i = 0; i < stride; i += LANES)
      store(gradient + i, load(gradient + i) + splat(l2) * load(table->values + row * stride + i));
  if (table->constant_column >= 0) gradient[table->constant_column] = 0;
  if (batch->measures) return kernel_sum_of_squares(gradient, stride);
  if (!batch->gradients) {
    step_row(batch->step, fades, table, row, gradient, stride);
    return 0;
  }
  memcpy(batch->gradients + row * stride, gradient, sizeof(float) * (size_t)stride);
  return kernel_sum_of_squares(gradient, stride);
}

INLINE void step_rows(const kernel_step *step, const kernel_table *table, const int32_t *rows, int64_t count, float *gradients,
                      float factor, int64_t stride) {
  fading fades = fading_of(step);
  for (int64_t i = 0; i < count && i < STEP_AHEAD; i++) prefetch_step(table, rows[i], stride);
  for (int64_t i = 0; i < count; i++) {
    if (i + STEP_AHEAD < count) prefetch_step(table, rows[i + STEP_AHEAD], stride);
    if (factor != 1) kernel_multiply(gradients + i * stride, factor, stride);
    step_row(step, &fades, table, rows[i], gradients + i * stride, stride);
  }
}

KERNEL void kernel_step_rows(const kernel_step *step, const kernel_table *table, const int32_t *rows, int64_t count,
                             float *gradients, float factor) {
  WITH_CONSTANT_STRIDE(table->stride, step_rows(step, table, rows, count, gradients, factor, STRIDE));
}

INLINE void step_every_row(const kernel_step *step, const kernel_table *table, int64_t first, int64_t end, const int32_t *places,
                           float *gradients, float factor, int64_t stride) {
  fading fades = fading_of(step);
  float nothing[stride] __attribute__((aligned(64)));
  for (int64_t i = 0; i < stride; i += LANES) store(nothing + i, splat(0));
  for (int64_t row = first; row < end && row < first + STEP_AHEAD; row++) prefetch_step(table, row, stride);
  for (int64_t row = first; row < end; row++) {
    if (row + STEP_AHEAD < end) {
      int32_t soon = places[row + STEP_AHEAD];
      prefetch_step(table, row + STEP_AHEAD, stride);
      if (soon >= 0) prefetch_floats(gradients + soon * stride, stride);
    }
    float *gradient = places[row] < 0 ? nothing : gradients + places[row] * stride;
    if (factor != 1 && places[row] >= 0) kernel_multiply(gradient, factor, stride);
    step_row(step, &fades, table, row, gradient, stride);
  }
}

KERNEL void kernel_step_every_row(const kernel_step *step, const kernel_table *table, int64_t first, int64_t end,
                                  const int32_t *places, float *gradients, float factor) {
  WITH_CONSTANT_STRIDE(table->stride, step_every_row(step, table, first, end, places, gradients, factor, STRIDE));
}

/// The first user of each item, for the rest come while it is worked on.
INLINE void prefetch_item(const kernel_item_batch *batch, int64_t item, int64_t first, int64_t stride) {
  prefetch_step(batch->table, item, stride);
  int32_t begin = batch->offsets[item - first], end = batch->offsets[item - first + 1];
  for (int32_t e = begin; e < end && e < begin + 2; e++) prefetch_floats(batch->users + batch->user_rows[e] * stride, stride);
}

INLINE double update_items(const kernel_item_batch *batch, int64_t first, int64_t end, int64_t stride) {
  float gradient[stride] __attribute__((aligned(64)));
  int32_t list[LISTED];
  const kernel_table *table = batch->table;
  fading fades = fading_of(batch->step);
  double squares = 0;
  for (int64_t part = first; part < end; part += LISTED) {
    int64_t count = 0;
    for (int64_t item = part; item < end && item < part + LISTED; item++) {
      list[count] = (int32_t)item;
      count += batch->every_row | (batch->offsets[item - first + 1] > batch->offsets[item - first]);
    }
    for (int64_t i = 0; i < count && i < STEP_AHEAD; i++) prefetch_item(batch, list[i], first, stride);
    for (int64_t i = 0; i < count; i++) {
      if (i + STEP_AHEAD < count) prefetch_item(batch, list[i + STEP_AHEAD], first, stride);
      int64_t item = list[i];
      int32_t begin = batch->offsets[item - first], entries = batch->offsets[item - first + 1] - begin;
      kernel_item_gradient(table->score, batch->users, batch->user_rows + begin, batch->weights + begin, entries,
                           table->values + item * stride, table->scale ? table->scale[item] : 0, stride, gradient);
      squares += finish_row(batch, &fades, item, (float)entries, gradient, stride);
    }
  }
  return squares;
}

KERNEL double kernel_update_items(const kernel_item_batch *batch, int64_t first, int64_t end) {
  double squares = 0;
  WITH_CONSTANT_STRIDE(batch->table->stride, squares = update_items(batch, first, end, STRIDE));
  return squares;
}

/// The length of an item's row, from its scale where there is one.
INLINE double row_length(const kernel_table *table, int64_t row) {
  if (table->score == KERNEL_SCORE_COSINE) return 1 / (double)table->scale[row];
  if (table->score == KERNEL_SCORE_EUCLIDEAN) return sqrt((double)table->scale[row]);
  return sqrt(kernel_sum_of_squares(table->values + row * table->stride, table->stride));
}

// Products of two such numbers are far from overflowing a float.
#define SAFE 1e18

KERNEL double kernel_bound_items(const kernel_item_batch *batch, const float *lengths, int64_t first, int64_t end) {
  const kernel_table *table = batch->table;
  double squares = 0;
  for (int64_t item = first; item < end; item++) {
    int32_t begin = batch->offsets[item - first], stop = batch->offsets[item - first + 1];
    if (begin == stop && !batch->every_row) continue;
    double pull = 0, weights = 0;
    for (int32_t e = begin; e < stop; e++) {
      double weight = fabs((double)batch->weights[e]);
      weights += weight;
      pull += weight * lengths[batch->user_rows[e]];
    }
    double l2 = fabs((double)batch->per_occurrence * (stop - begin) + (double)batch->per_row);
    double length = l2 != 0 || table->score == KERNEL_SCORE_EUCLIDEAN ? row_length(table, item) : 0;
    int cosine = table->score == KERNEL_SCORE_COSINE;
    if (!(pull < SAFE && weights < SAFE && length < SAFE) || (cosine && table->scale[item] < 1 / SAFE)) return INFINITY;
    if (cosine) pull *= table->scale[item];
    if (table->score == KERNEL_SCORE_EUCLIDEAN) pull = 2 * (pull + weights * length);
    squares += (pull + l2 * length) * (pull + l2 * length);
  }
  return squares;
}

INLINE double update_users(const kernel_item_batch *batch, const int32_t *users, const int32_t *members,
                           const float *row_gradients, int64_t first, int64_t end, int64_t stride) {
  float gradient[stride] __attribute__((aligned(64)));
  fading fades = fading_of(batch->step);
  double squares = 0;
  for (int64_t u = first; u < end && u < first + STEP_AHEAD; u++) prefetch_step(batch->table, users[u], stride);
  for (int64_t u = first; u < end; u++) {
    if (u + STEP_AHEAD < end) prefetch_step(batch->table, users[u + STEP_AHEAD], stride);
    int32_t begin = batch->offsets[u], count = batch->offsets[u + 1] - begin;
    for (int64_t i = 0; i < stride; i += LANES) store(gradient + i, splat(0));
    for (int32_t member = 0; member < count; member++) {
      const float *row = row_gradients + members[begin + member] * stride;
      for (int64_t i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) + load(row + i));
    }
    squares += finish_row(batch, &fades, users[u], (float)count, gradient, stride);
  }
  return squares;
}

KERNEL double kernel_update_users(const kernel_item_batch *batch, const int32_t *users, const int32_t *members,
                                  const float *row_gradients, int64_t first, int64_t end) {
  double squares = 0;
  WITH_CONSTANT_STRIDE(batch->table->stride, squares = update_users(batch, users, members, row_gradients, first, end, STRIDE));
  return squares;
}

INLINE void apply_row(const kernel_item_batch *batch, const fading *fades, int64_t row, float factor) {
  int64_t stride = batch->table->stride;
  kernel_multiply(batch->gradients + row * stride, factor, stride);
  step_row(batch->step, fades, batch->table, row, batch->gradients + row * stride, stride);
}

KERNEL void kernel_apply_item_gradients(const kernel_item_batch *batch, float factor, int64_t first, int64_t end) {
  fading fades = fading_of(batch->step);
  for (int64_t item = first; item < end; item++)
    if (batch->every_row || batch->offsets[item - first + 1] > batch->offsets[item - first])
      apply_row(batch, &fades, item, factor);
}

KERNEL void kernel_apply_user_gradients(const kernel_item_batch *batch, const int32_t *users, float factor, int64_t first,
                                        int64_t end) {
  fading fades = fading_of(batch->step);
  for (int64_t u = first; u < end; u++) apply_row(batch, &fades, users[u], factor);
}
