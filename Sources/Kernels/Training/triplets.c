#include "kernel_triplets.h"

#include <math.h>

#include "row_scores.h"

#define USER(t, rows, b) ((t)->rows + (long)(t)->user_slots[b] * (t)->stride)
#define ITEM(t, rows, b, side) ((t)->rows + (long)(t)->item_slots[2 * (b) + (side)] * (t)->stride)

// Rows to ask for ahead of the one that is added.
#define AHEAD 8
// Vectors of a sum that stay in registers.
#define PIECE 8

INLINE void sum_row_lists(const kernel_row_lists *lists, const kernel_own_rows *own, long stride, float *sums) {
  const int32_t *list = lists->list, *starts = lists->starts;
  long end = starts[lists->count];
  for (long first = 0; first < stride; first += PIECE * LANES) {
    const float *rows = lists->rows + first;
    long vectors = (stride - first < PIECE * LANES ? stride - first : PIECE * LANES) / LANES;
    for (long n = 0; n < lists->count; n++) {
      lanes sum[PIECE];
      for (long v = 0; v < vectors; v++) sum[v] = splat(0);
      for (long m = starts[n]; m < starts[n + 1]; m++) {
        if (m + AHEAD < end) prefetch_row(rows + list[m + AHEAD] * stride, vectors * LANES);
        lanes scale = splat(lists->scales ? lists->scales[list[m]] : 1);
        for (long v = 0; v < vectors; v++) sum[v] += scale * load(rows + list[m] * stride + v * LANES);
      }
      if (lists->divisors)
        for (long v = 0; v < vectors; v++) sum[v] /= splat(lists->divisors[n]);
      if (own) {
        if (n + AHEAD < lists->count && own->slots[n + AHEAD] >= 0)
          prefetch_row(own->rows + own->slots[n + AHEAD] * stride + first, vectors * LANES);
        if (own->slots[n] >= 0)
          for (long v = 0; v < vectors; v++) sum[v] += load(own->rows + own->slots[n] * stride + first + v * LANES);
      }
      if (lists->beside)
        for (long v = 0; v < vectors; v++) sum[v] += load(lists->beside + n * stride + first + v * LANES);
      for (long v = 0; v < vectors; v++) store(sums + n * stride + first + v * LANES, sum[v]);
    }
  }
}

KERNEL void kernel_sum_row_lists(const kernel_row_lists *lists, const kernel_own_rows *own, float *sums) {
  WITH_CONSTANT_STRIDE(lists->stride, sum_row_lists(lists, own, STRIDE, sums));
}

KERNEL void kernel_join_rows(const int32_t *rows, long count, long stride, float *table, float *sums) {
  for (long n = 0; n < count; n++) {
    if (n + AHEAD < count) prefetch_row(table + rows[n + AHEAD] * stride, stride);
    float *row = table + rows[n] * stride, *sum = sums + n * stride;
    for (long d = 0; d < stride; d += LANES) {
      lanes both = load(sum + d) + load(row + d);
      store(sum + d, both);
      store(row + d, both);
    }
  }
}

KERNEL long kernel_keep_marked(const int32_t *list, long count, const uint64_t *marks, int32_t *kept) {
  long filled = 0;
  for (long n = 0; n < count; n++) {
    int32_t member = list[n];
    kept[filled] = member;
    filled += marks[member >> 6] >> (member & 63) & 1;
  }
  return filled;
}

INLINE float dot(const float *a, const float *b, const float *c, long stride) {
  lanes sum = {0};
  for (long d = 0; d < stride; d += LANES) sum += load(a + d) * (load(b + d) - load(c + d));
  return lane_sum(sum);
}

KERNEL void kernel_triplet_losses(const kernel_triplets *t, long first, long end, float *losses, float *slopes) {
  for (long b = first; b < end; b++) losses[b] = dot(USER(t, users, b), ITEM(t, items, b, 1), ITEM(t, items, b, 0), t->stride);
  for (long b = first; b < end; b += LANES) {
    long part = end - b < LANES ? end - b : LANES;
    lanes x = vf_load_part(losses + b, part);
    lanes cost = vf_softplus(x), slope = vf_sigmoid(x);
    vf_store_part(losses + b, cost, part);
    vf_store_part(slopes + b, slope, part);
  }
}

KERNEL void kernel_triplet_loss_gradients(const kernel_triplets *t, const float *factors, const float *slopes, long first, long end,
                                          float *gradients) {
  for (long b = first; b < end; b++) {
    const float *p = USER(t, users, b), *positive = ITEM(t, items, b, 0), *negative = ITEM(t, items, b, 1);
    float *own = gradients + 3 * b * t->stride;
    lanes slope = splat(factors[b] * slopes[b]);
    for (long d = 0; d < t->stride; d += LANES) {
      lanes item = slope * load(p + d);
      store(own + d, slope * (load(negative + d) - load(positive + d)));
      store(own + t->stride + d, -item);
      store(own + 2 * t->stride + d, item);
    }
  }
}

KERNEL void kernel_triplet_states(const kernel_triplets *t, long first, long end, float *states) {
  for (long b = first; b < end; b++) {
    const float *p = USER(t, state_users, b), *interest = USER(t, interests, b);
    const float *positive = ITEM(t, shifted, b, 0), *negative = ITEM(t, shifted, b, 1);
    float *own = states + 2 * b * t->stride;
    for (long d = 0; d < t->stride; d += LANES) {
      lanes g = load(p + d) + load(interest + d);
      store(own + d, load(positive + d) * g);
      store(own + t->stride + d, load(negative + d) * g);
    }
  }
}

KERNEL void kernel_triplet_state_motions(const kernel_triplets *t, const kernel_triplets *motion, long first, long end,
                                         float *states) {
  for (long b = first; b < end; b++) {
    const float *p = USER(t, state_users, b), *interest = USER(t, interests, b);
    const float *p_motion = USER(motion, state_users, b), *interest_motion = USER(motion, interests, b);
    float *own = states + 2 * b * t->stride;
    for (long d = 0; d < t->stride; d += LANES) {
      lanes g = load(p + d) + load(interest + d), v = load(p_motion + d) + load(interest_motion + d);
      for (int side = 0; side < 2; side++) {
        lanes q = load(ITEM(t, shifted, b, side) + d), q_motion = load(ITEM(motion, shifted, b, side) + d);
        store(own + side * t->stride + d, q_motion * g + q * v);
      }
    }
  }
}

KERNEL void kernel_triplet_state_gradients(const kernel_triplets *t, const float *state_gradients, long first, long end,
                                           float *gradients) {
  for (long b = first; b < end; b++) {
    const float *p = USER(t, state_users, b), *interest = USER(t, interests, b), *from = state_gradients + 2 * b * t->stride;
    const float *positive = ITEM(t, shifted, b, 0), *negative = ITEM(t, shifted, b, 1);
    float *own = gradients + 3 * b * t->stride;
    for (long d = 0; d < t->stride; d += LANES) {
      lanes g = load(p + d) + load(interest + d), a = load(from + d), c = load(from + t->stride + d);
      store(own + d, a * load(positive + d) + c * load(negative + d));
      store(own + t->stride + d, a * g);
      store(own + 2 * t->stride + d, c * g);
    }
  }
}

KERNEL void kernel_triplet_loss_motions(const kernel_triplets *t, const kernel_triplets *motion, const float *slopes, long first,
                                        long end, float *motions) {
  for (long b = first; b < end; b++)
    motions[b] = slopes[b] * (dot(USER(motion, users, b), ITEM(t, items, b, 1), ITEM(t, items, b, 0), t->stride) +
                              dot(USER(t, users, b), ITEM(motion, items, b, 1), ITEM(motion, items, b, 0), t->stride));
}

KERNEL void kernel_triplet_weights(float *hidden, const float *bias, const float *output, float offset, int32_t activation, long stride,
                                   long first, long end, const kernel_triplet_weighing *out) {
  for (long b = first; b < end; b++) {
    float *own = hidden + b * stride;
    lanes sum = {0};
    for (long d = 0; d < stride; d += LANES) {
      lanes z = load(own + d) + load(bias + d);
      // NaN stays, and is noticed.
      z = vf_select(z <= splat(0), splat(0), z);
      store(own + d, z);
      sum += z * load(output + d);
    }
    out->weights[b] = lane_sum(sum) + offset;
  }
  for (long b = first; b < end; b += LANES) {
    long part = end - b < LANES ? end - b : LANES;
    lanes number = vf_load_part(out->weights + b, part), share = vf_sigmoid(number), rest = splat(1) - share;
    if (activation == KERNEL_TRIPLET_SOFTPLUS) {
      vf_store_part(out->weights + b, vf_softplus(number), part);
      vf_store_part(out->slopes + b, share, part);
      vf_store_part(out->curves + b, rest, part);
    } else {
      vf_store_part(out->weights + b, share, part);
      vf_store_part(out->slopes + b, share * rest, part);
      vf_store_part(out->curves + b, rest - share, part);
    }
  }
}

KERNEL void kernel_triplet_active_products(const float *hidden, const float *output, long stride, long first, long end, float *rows,
                                           float *products) {
  for (long b = first; b < end; b++) {
    lanes sum = {0};
    for (long d = 0; d < stride; d += LANES) {
      lanes own = vf_select(load(hidden + b * stride + d) > splat(0), load(rows + b * stride + d), splat(0));
      store(rows + b * stride + d, own);
      sum += own * load(output + d);
    }
    products[b] = lane_sum(sum);
  }
}

KERNEL void kernel_triplet_active_rows(const float *hidden, const float *output, const float *factors, long stride, long first,
                                       long end, float *rows) {
  for (long b = first; b < end; b++)
    for (long d = 0; d < stride; d += LANES)
      store(rows + b * stride + d,
            vf_select(load(hidden + b * stride + d) > splat(0), splat(factors[b]) * load(output + d), splat(0)));
}

KERNEL void kernel_triplet_combine(const float *a, const float *x, const float *c, const float *y, long width, long first, long end,
                                   float *sums) {
  for (long b = first; b < end; b++)
    for (long k = 0; k < width; k += LANES)
      store(sums + b * width + k, splat(a[b]) * load(x + b * width + k) + splat(c[b]) * load(y + b * width + k));
}
