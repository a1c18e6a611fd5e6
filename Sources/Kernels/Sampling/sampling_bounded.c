#include <math.h>

#include "excluded_items.h"
#include "kernel_sampling.h"
#include "random.h"
#include "Training/row_scores.h"
#include "vectors.h"

// Draws from a softmax over all items that score only a few of them: an item comes from a law that lies above it, and is kept with the
// probability by which that law is too high.

KERNEL float kernel_center_distances(const float *rows, long stride, const float *centers, const int32_t *labels, long first,
                                     long end, float *distances) {
  float largest = 0;
  for (long r = first; r < end; r++) {
    const float *row = rows + r * stride, *center = centers + labels[r] * stride;
    lanes sum = {0};
    for (long d = 0; d < stride; d += LANES) {
      lanes gap = load(row + d) - load(center + d);
      sum += gap * gap;
    }
    distances[r] = sqrtf(lane_sum(sum));
    // NaN compares false, and stays.
    largest = distances[r] <= largest ? largest : distances[r];
    if (largest != largest) return largest;
  }
  return largest;
}

/// The running sums of 16 numbers.
INLINE void running_sums(lanes *sums, const lanes *terms) {
  lanes zero = {0}, x = *terms;
  x += __builtin_shufflevector(zero, x, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  x += __builtin_shufflevector(zero, x, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  x += __builtin_shufflevector(zero, x, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
  x += __builtin_shufflevector(zero, x, 0, 0, 0, 0, 0, 0, 0, 0, 16, 17, 18, 19, 20, 21, 22, 23);
  *sums = x;
}

KERNEL kernel_bound_weights kernel_weigh_groups(const kernel_score_groups *groups, const float *scores, float length,
                                                float *bounds, float *weights, double *block_sums) {
  lanes tops = splat(-INFINITY);
  for (long g = 0; g < groups->padded; g += LANES) {
    lanes score;
    for (int l = 0; l < LANES; l++) score[l] = scores[groups->clusters[g + l]];
    lanes bound = score + splat(length) * load(groups->radii + g);
    store(bounds + g, bound);
    // NaN goes on to the sums.
    tops = vf_select(bound <= tops, tops, bound);
  }
  float top = vf_max_lane(tops);
  double total = 0;
  vd least = {0};
  for (long g = 0; g < groups->padded; g += LANES) {
    lanes bound = load(bounds + g), size = load(groups->sizes + g), weight = vf_exp(bound - splat(top)) * size;
    store(weights + g, weight);
    total += lane_sum(weight);
    block_sums[g / LANES] = total;
    lanes center = vf_exp(bound - splat(length) * load(groups->radii + g) - splat(top)) * size;
    least += vf_to_double(center);
  }
  return (kernel_bound_weights){top, total, vd_sum(least)};
}

typedef _Bool lane_bits __attribute__((ext_vector_type(LANES)));

#define LANES_WHERE(mask) __builtin_bit_cast(uint16_t, __builtin_convertvector((mask), lane_bits))

/// By inversion: the block by the running sums of blocks, the group by those in it.
///
/// Sums of the same numbers in another order differ in their last bits, and a sum that a weight of 0 ends may lie above the one before it:
/// only groups that have a weight are looked at. Where rounding leads past the last of them, it is taken.
INLINE long drawn_group(const float *weights, const double *block_sums, long blocks, double uniform) {
  // The largest number below the sum: what lies below it is in a block that has a weight.
  double total = block_sums[blocks - 1], most = __builtin_bit_cast(double, __builtin_bit_cast(uint64_t, total) - 1);
  double goal = uniform * total < most ? uniform * total : most;
  long low = 0;
  for (long rest = blocks; rest > 1;) {
    long half = rest / 2;
    low = __builtin_unpredictable(block_sums[low + half - 1] <= goal) ? low + half : low;
    rest -= half;
  }
  lanes own = load(weights + low * LANES), sums;
  running_sums(&sums, &own);
  float rest = (float)(low > 0 ? goal - block_sums[low - 1] : goal);
  uint32_t possible = LANES_WHERE(own > splat(0)), beyond = possible & LANES_WHERE(sums > splat(rest));
  return low * LANES + (beyond ? __builtin_ctz(beyond) : 31 - __builtin_clz(possible));
}

KERNEL long kernel_draw_group(const float *weights, const double *block_sums, long padded, double uniform) {
  return drawn_group(weights, block_sums, padded / LANES, uniform);
}

/// Attempts at a time at most: rows are asked for before the first is scored.
#define ATTEMPTS 16

typedef struct {
  int32_t items[ATTEMPTS];
  float uniforms[ATTEMPTS];
  /// By how much the logarithm of the law lies above the score, negative.
  float gaps[ATTEMPTS];
} attempts_made;

/// `size` attempts by two numbers each, from `position` on.
INLINE void make_attempts(attempts_made *made, const kernel_bounded_law *law, uint64_t key, uint64_t position, long size) {
  const kernel_score_groups *groups = law->groups;
  long blocks = groups->padded / LANES, stride = law->stride;
  for (long a = 0; a < size; a++) {
    uint64_t place = position + (uint64_t)a * 2, bits = random_bits(key, place + 1);
    long group = drawn_group(law->weights, law->block_sums, blocks, random_uniform(key, place));
    int32_t begin = groups->offsets[group];
    uint64_t members = (uint64_t)(groups->offsets[group + 1] - begin);
    int32_t item = groups->members[begin + (int32_t)((bits >> 32) * members >> 32)];
    made->items[a] = item;
    // Never 0, which would keep what has no probability.
    made->uniforms[a] = ((float)(bits & 0xFFFFFFFF) + 0.5f) * 0x1p-32f;
    made->gaps[a] = law->bounds[group];
    prefetch_row(law->items + item * stride, stride);
  }
  for (long a = 0; a < size; a++)
    made->gaps[a] = product(law->user, law->items + made->items[a] * stride, stride) - made->gaps[a];
  store(made->gaps, vf_exp(load(made->gaps)));
}

/// The first attempt that is kept, or -1.
INLINE long first_kept(const attempts_made *made, long size, const kernel_excluded_items *own) {
  for (long a = 0; a < size; a++)
    if (made->uniforms[a] < made->gaps[a] && !(own && excluded_has(own, made->items[a]))) return a;
  return -1;
}

KERNEL long kernel_sample_bounded(uint64_t key, uint64_t first, const kernel_bounded_law *law,
                                  const kernel_excluded_items *own, long attempts, int32_t *out, long count) {
  long done = 0;
  for (long n = 0; n < count; n++) {
    uint64_t position = first + (uint64_t)(n * attempts) * 2;
    out[n] = -1;
    // A few at first: most laws lie close above the softmax while a model is young.
    for (long t = 0, size = 2; t < attempts && out[n] < 0; t += size, size = size < ATTEMPTS ? 2 * size : size) {
      attempts_made made = {.gaps = {0}};
      if (size > attempts - t) size = attempts - t;
      make_attempts(&made, law, key, position + (uint64_t)t * 2, size);
      long kept = first_kept(&made, size, own);
      if (kept >= 0) out[n] = made.items[kept];
      done += kept >= 0 ? kept + 1 : size;
    }
  }
  return done;
}
