#include <string.h>

#include "random.h"
#include "row_scores.h"

// Rows of a batch of which both sides are dropped.

#define AHEAD 8

typedef uint16_t lane_draws __attribute__((ext_vector_type(LANES)));
typedef uint8_t lane_bytes __attribute__((ext_vector_type(LANES)));

/// The factors of an item's elements, of which those that are not dropped are larger for it.
INLINE void write_factors(const kernel_dropped_items *items, const uint8_t *kept, long stride, float *factors) {
  lanes factor = splat(1 / (1 - items->rate));
  for (long i = 0; i < stride; i += LANES) {
    lane_bytes bytes;
    memcpy(&bytes, kept + i, sizeof bytes);
    store(factors + i, __builtin_convertvector(bytes, lanes) * factor);
  }
  for (long i = items->dim; i < stride; i++) factors[i] = 1;
}

/// 16 bits an element, four from each draw: P(dropped) is rate to within 2^-17.
INLINE void draw_kept(const kernel_dropped_items *items, uint64_t score, long stride, uint8_t *kept) {
  double share = (double)items->rate * 65536.0 + 0.5;
  lane_draws threshold = (lane_draws)(uint16_t)(share < 65535 ? share : 65535);
  uint64_t first = score * (uint64_t)(stride / 4);
  for (long i = 0; i < stride; i += LANES) {
    uint64_t words[LANES / 4];
    for (int j = 0; j < LANES / 4; j++) words[j] = random_bits(items->key, first + (uint64_t)(i / 4 + j));
    lane_draws draws;
    memcpy(&draws, words, sizeof draws);
    lane_bytes bytes = __builtin_convertvector(draws >= threshold, lane_bytes) & (lane_bytes)(uint8_t)1;
    memcpy(kept + i, &bytes, sizeof bytes);
  }
}

INLINE void forward_dropped(const kernel_batch_rows *batch, const kernel_dropped_items *items, int64_t first, int64_t end,
                            long stride) {
  float factors[stride] __attribute__((aligned(64)));
  for (int64_t row = first; row < end; row++) {
    const float *user = batch->users + (long)batch->user_rows[row] * stride;
    float *scoring = batch->scoring_rows + row * stride;
    for (long i = 0; i < stride; i += LANES) store(scoring + i, load(user + i) * load(batch->masks + row * stride + i));
    if (batch->boundary_weights)
      batch->boundary[row] = product(scoring, batch->boundary_weights, stride) + batch->boundary_offset;
    for (int64_t score = row * batch->width; score < (row + 1) * batch->width; score++) {
      if (score + AHEAD < end * batch->width) prefetch_row(batch->items + (long)batch->item_rows[score + AHEAD] * stride, stride);
      uint8_t *kept = items->kept + score * stride;
      draw_kept(items, items->first_score + (uint64_t)score, stride, kept);
      write_factors(items, kept, stride, factors);
      const float *item = batch->items + (long)batch->item_rows[score] * stride;
      float *partner = items->partners + score * stride;
      for (long i = 0; i < stride; i += LANES) store(partner + i, load(scoring + i) * load(factors + i));
      batch->scores[score] = product(partner, item, stride);
    }
  }
}

KERNEL void kernel_forward_dropped_rows(const kernel_batch_rows *batch, const kernel_dropped_items *items, int64_t first,
                                        int64_t end) {
  WITH_CONSTANT_STRIDE(batch->stride, forward_dropped(batch, items, first, end, STRIDE));
}

INLINE void backward_dropped(const kernel_batch_rows *batch, const kernel_dropped_items *items, int64_t first, int64_t end,
                             long stride) {
  float factors[stride] __attribute__((aligned(64)));
  for (int64_t row = first; row < end; row++) {
    float *gradient = batch->row_gradients + row * stride;
    for (long i = 0; i < stride; i += LANES) store(gradient + i, splat(0));
    for (int64_t score = row * batch->width; score < (row + 1) * batch->width; score++) {
      float weight = batch->gradients[score];
      if (weight == 0) continue;
      write_factors(items, items->kept + score * stride, stride, factors);
      const float *item = batch->items + (long)batch->item_rows[score] * stride;
      for (long i = 0; i < stride; i += LANES)
        store(gradient + i, load(gradient + i) + splat(weight) * load(factors + i) * load(item + i));
    }
    if (batch->boundary_weights && batch->boundary_gradients) {
      lanes slope = splat(batch->boundary_gradients[row]);
      for (long i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) + slope * load(batch->boundary_weights + i));
    }
    for (long i = 0; i < stride; i += LANES) store(gradient + i, load(gradient + i) * load(batch->masks + row * stride + i));
  }
}

KERNEL void kernel_backward_dropped_rows(const kernel_batch_rows *batch, const kernel_dropped_items *items, int64_t first,
                                         int64_t end) {
  WITH_CONSTANT_STRIDE(batch->stride, backward_dropped(batch, items, first, end, STRIDE));
}
