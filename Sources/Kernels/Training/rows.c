#include "kernel_rows.h"

#include <math.h>
#include <string.h>

#include "random.h"
#include "row_scores.h"

// How many rows ahead to ask for: an item row comes from L3 in about 50 ns, a row's product takes about 5.
#define AHEAD 10

INLINE void score_rows(int score, const float *user, float user_square, const float *table, const float *scale,
                       const int32_t *rows, long count, long stride, float *out) {
  for (long n = 0; n < count && n < AHEAD; n++) prefetch_row(table + (long)rows[n] * stride, stride);
  for (long n = 0; n < count; n++) {
    if (n + AHEAD < count) {
      prefetch_row(table + (long)rows[n + AHEAD] * stride, stride);
    }
    out[n] = item_score(score, user, user_square, table, scale, rows[n], stride);
  }
}

KERNEL void kernel_score_rows(int score, const float *user, float user_square, const float *table, const float *scale,
                              const int32_t *rows, long count, long stride, float *out) {
  if (score == KERNEL_SCORE_COSINE && stride == 64) {
    score_rows(KERNEL_SCORE_COSINE, user, 0, table, scale, rows, count, 64, out);
  } else {
    WITH_CONSTANT_STRIDE(stride, score_rows(score, user, user_square, table, scale, rows, count, STRIDE, out));
  }
}

INLINE void user_gradient(int score, const float *user, const float *table, const float *scale, const int32_t *rows,
                          const float *weight, long count, long stride, float *gradient) {
  float total = 0;
  for (long n = 0; n < count; n++) {
    float w = weight[n];
    if (w == 0) continue;
    if (score == KERNEL_SCORE_COSINE) w *= scale[rows[n]];
    if (score == KERNEL_SCORE_EUCLIDEAN) {
      w *= 2;
      total += w;
    }
    const float *row = table + (long)rows[n] * stride;
    for (long i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) + splat(w) * load(row + i));
  }
  if (score == KERNEL_SCORE_EUCLIDEAN)
    for (long i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) - splat(total) * load(user + i));
}

/// The part of `gradient` that changes the length of `row` is taken out, the rest divided by the length.
INLINE void through_normalization(const float *row, float inverse_length, long stride, float *gradient) {
  // A row at the norm floor has no direction to take out (PyTorch's clamp has gradient 0 there).
  float along = inverse_length < 1 / KERNEL_NORM_FLOOR ? product(gradient, row, stride) * inverse_length * inverse_length : 0;
  for (long i = 0; i < stride; i += LANES)
    store(gradient + i, splat(inverse_length) * (load(gradient + i) - splat(along) * load(row + i)));
}

INLINE void item_gradient(int score, const float *users, const int32_t *user_rows, const float *weight, long count,
                          const float *item, float item_scale, long stride, float *gradient) {
  for (long i = 0; i < stride; i += LANES) store(gradient + i, splat(0));
  float total = 0;
  for (long e = 0; e < count; e++) {
    float w = weight[e];
    if (w == 0) continue;
    total += w;
    const float *user = users + (long)user_rows[e] * stride;
    for (long i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) + splat(w) * load(user + i));
  }
  if (score == KERNEL_SCORE_COSINE) through_normalization(item, item_scale, stride, gradient);
  if (score == KERNEL_SCORE_EUCLIDEAN)
    for (long i = 0; i < stride; i += LANES)
      store(gradient + i, splat(2) * (load(gradient + i) - splat(total) * load(item + i)));
}

KERNEL void kernel_item_gradient(int score, const float *users, const int32_t *user_rows, const float *weight, long count,
                                 const float *item, float item_scale, long stride, float *gradient) {
  WITH_CONSTANT_STRIDE(stride,
                       item_gradient(score, users, user_rows, weight, count, item, item_scale, STRIDE, gradient));
}

INLINE float row_scale(int score, float square) {
  if (score == KERNEL_SCORE_COSINE) return 1 / fmaxf(__builtin_sqrtf(square), KERNEL_NORM_FLOOR);
  return square;
}

KERNEL void kernel_row_scales(int score, const float *rows, long count, long stride, float *scale) {
  for (long r = 0; r < count; r++) scale[r] = row_scale(score, product(rows + r * stride, rows + r * stride, stride));
}

KERNEL void kernel_row_lengths(const float *rows, long count, long stride, float *lengths) {
  for (long r = 0; r < count; r++)
    lengths[r] = __builtin_sqrtf(product(rows + r * stride, rows + r * stride, stride));
}

INLINE float user_forward(int score, const float *user, const float *mask, int mask_before, long stride, float *out) {
  for (long i = 0; i < stride; i += LANES) {
    lanes x = load(user + i);
    store(out + i, mask && mask_before ? x * load(mask + i) : x);
  }
  if (score == KERNEL_SCORE_COSINE) {
    float inverse = row_scale(KERNEL_SCORE_COSINE, product(out, out, stride));
    for (long i = 0; i < stride; i += LANES) store(out + i, load(out + i) * splat(inverse));
  }
  if (mask && !mask_before)
    for (long i = 0; i < stride; i += LANES) store(out + i, load(out + i) * load(mask + i));
  return score == KERNEL_SCORE_EUCLIDEAN ? product(out, out, stride) : 0;
}

INLINE void user_backward(int score, const float *user, const float *mask, int mask_before, long stride, float *gradient) {
  if (mask && !mask_before)
    for (long i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) * load(mask + i));
  if (score == KERNEL_SCORE_COSINE) {
    if (mask && mask_before) {
      // The row that was normalized is the masked one. Its length and its product with the gradient, then the same step.
      lanes square = {0}, along = {0};
      for (long i = 0; i < stride; i += LANES) {
        lanes x = load(user + i) * load(mask + i);
        square += x * x;
        along += x * load(gradient + i);
      }
      float inverse = row_scale(KERNEL_SCORE_COSINE, lane_sum(square));
      float share = inverse < 1 / KERNEL_NORM_FLOOR ? lane_sum(along) * inverse * inverse : 0;
      for (long i = 0; i < stride; i += LANES) {
        lanes x = load(user + i) * load(mask + i);
        store(gradient + i, splat(inverse) * (load(gradient + i) - splat(share) * x));
      }
    } else {
      through_normalization(user, row_scale(KERNEL_SCORE_COSINE, product(user, user, stride)), stride, gradient);
    }
  }
  if (mask && mask_before)
    for (long i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) * load(mask + i));
}

// Where rows of the batch have few items, a row's own items are too few to ask for ahead: the next rows' are asked for.
#define FEW_ITEMS 16
#define ROWS_AHEAD 6

INLINE void prefetch_batch_row(const kernel_batch_rows *batch, int64_t row, long stride) {
  prefetch_row(batch->users + (long)batch->user_rows[row] * stride, stride);
  if (batch->width > FEW_ITEMS) return;
  for (int64_t n = row * batch->width; n < (row + 1) * batch->width; n++)
    prefetch_row(batch->items + (long)batch->item_rows[n] * stride, stride);
}

INLINE void forward_rows(const kernel_batch_rows *batch, int64_t first, int64_t end, long stride) {
  for (int64_t row = first; row < end && row < first + ROWS_AHEAD; row++) prefetch_batch_row(batch, row, stride);
  for (int64_t row = first; row < end; row++) {
    if (row + ROWS_AHEAD < end) prefetch_batch_row(batch, row + ROWS_AHEAD, stride);
    float *scoring = batch->scoring_rows + row * stride;
    float square = user_forward(batch->score, batch->users + (long)batch->user_rows[row] * stride,
                                batch->masks ? batch->masks + row * stride : 0, batch->mask_before, stride, scoring);
    if (batch->boundary_weights)
      batch->boundary[row] = product(scoring, batch->boundary_weights, stride) + batch->boundary_offset;
    const int32_t *items = batch->item_rows + row * batch->width;
    float *scores = batch->scores + row * batch->width;
    if (batch->width > FEW_ITEMS)
      kernel_score_rows(batch->score, scoring, square, batch->items, batch->item_scale, items, batch->width, stride, scores);
    else
      for (int64_t n = 0; n < batch->width; n++)
        scores[n] = item_score(batch->score, scoring, square, batch->items, batch->item_scale, items[n], stride);
  }
}

KERNEL void kernel_forward_rows(const kernel_batch_rows *batch, int64_t first, int64_t end) {
  WITH_CONSTANT_STRIDE(batch->stride, forward_rows(batch, first, end, STRIDE));
}

INLINE void backward_rows(const kernel_batch_rows *batch, int64_t first, int64_t end, long stride) {
  for (int64_t row = first; row < end; row++) {
    float *gradient = batch->row_gradients + row * stride;
    for (long i = 0; i < stride; i += LANES) store(gradient + i, splat(0));
    user_gradient(batch->score, batch->scoring_rows + row * stride, batch->items, batch->item_scale,
                  batch->item_rows + row * batch->width, batch->gradients + row * batch->width, batch->width, stride, gradient);
    if (batch->boundary_weights && batch->boundary_gradients) {
      lanes slope = splat(batch->boundary_gradients[row]);
      for (long i = 0; i < stride; i += LANES)
        store(gradient + i, load(gradient + i) + slope * load(batch->boundary_weights + i));
    }
    user_backward(batch->score, batch->users + (long)batch->user_rows[row] * stride,
                  batch->masks ? batch->masks + row * stride : 0, batch->mask_before, stride, gradient);
  }
}

KERNEL void kernel_backward_rows(const kernel_batch_rows *batch, int64_t first, int64_t end) {
  WITH_CONSTANT_STRIDE(batch->stride, backward_rows(batch, first, end, STRIDE));
}

KERNEL void kernel_gather_rows(const float *table, int64_t stride, const int32_t *rows, int64_t count, int64_t columns,
                               float *out) {
  for (int64_t n = 0; n < count; n++) {
    if (n + AHEAD < count) prefetch_row(table + (long)rows[n + AHEAD] * stride, stride);
    memcpy(out + n * columns, table + (long)rows[n] * stride, sizeof(float) * (size_t)columns);
  }
}

KERNEL void kernel_copy_scoring_rows(int score, const float *table, const float *scale, const int32_t *rows, int64_t count,
                                     int64_t stride, float *out) {
  for (int64_t n = 0; n < count; n++) {
    float factor = score == KERNEL_SCORE_COSINE ? scale[rows[n]] : 1;
    for (long i = 0; i < stride; i += LANES)
      store(out + n * stride + i, splat(factor) * load(table + (long)rows[n] * stride + i));
  }
}

KERNEL void kernel_multiply(float *target, float factor, long count) {
  for (long i = 0; i < count; i++) target[i] *= factor;
}

KERNEL void kernel_add(float *target, const float *values, long count) {
  for (long i = 0; i < count; i++) target[i] += values[i];
}

KERNEL void kernel_add_scaled_rows(float *sums, const float *table, const int32_t *rows, int64_t count, int64_t stride, float factor) {
  for (int64_t r = 0; r < count; r++) {
    if (r + 4 < count)
      for (int64_t i = 0; i < stride; i += LANES) __builtin_prefetch(table + rows[r + 4] * stride + i);
    const float *row = table + rows[r] * stride;
    for (int64_t i = 0; i < stride; i += LANES)
      store(sums + r * stride + i, load(sums + r * stride + i) + splat(factor) * load(row + i));
  }
}

KERNEL void kernel_add_weighted_rows(float *sums, const int32_t *places, const float *table, const int32_t *rows, const float *weights,
                                    int64_t count, int64_t stride, int64_t columns) {
  for (int64_t r = 0; r < count; r++) {
    if (r + 4 < count)
      for (int64_t i = 0; i < columns; i += LANES) {
        __builtin_prefetch(table + rows[r + 4] * stride + i);
        __builtin_prefetch(sums + places[r + 4] * stride + i);
      }
    const float *row = table + rows[r] * stride;
    float *sum = sums + places[r] * stride;
    int64_t i = 0;
    for (; i + LANES <= columns; i += LANES) store(sum + i, load(sum + i) + splat(weights[r]) * load(row + i));
    if (i < columns) {
      lanes rest = vf_load_part(sum + i, columns - i) + splat(weights[r]) * vf_load_part(row + i, columns - i);
      vf_store_part(sum + i, rest, columns - i);
    }
  }
}

KERNEL double kernel_sum_of_squares(const float *values, long count) {
  double sums[8] = {0};
  long whole = count / 8 * 8;
  for (long i = 0; i < whole; i += 8)
    for (int lane = 0; lane < 8; lane++) sums[lane] += (double)values[i + lane] * values[i + lane];
  for (long i = whole; i < count; i++) sums[i - whole] += (double)values[i] * values[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

KERNEL void kernel_dropout_mask(uint64_t key, uint64_t first, float rate, long stride, float *mask) {
  // 32 bits a factor; P(dropped) is rate to within 2^-32.
  uint64_t threshold = (uint64_t)((double)rate * 4294967296.0);
  float kept = 1 / (1 - rate);
  for (long i = 0; i < stride; i++) mask[i] = (random_bits(key, first + (uint64_t)i) >> 32) < threshold ? 0 : kept;
}
