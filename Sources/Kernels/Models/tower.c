#include "kernel_tower.h"

#include <string.h>

#include "vectors.h"

enum { TILE = KERNEL_TOWER_TILE, GROUP = KERNEL_TOWER_GROUP };
_Static_assert(TILE == 2 * LANES && GROUP == 4 && LANES == KERNEL_TOWER_LANES, "a group of outputs for a tile is eight registers");

// Of NaN it is NaN, so that a score that is none is found.
#define rectified(x) ({ lanes x_ = (x); vf_select(x_ < 0.0f, splat(0), x_); })
// The derivative passes where the output is above 0.
#define passed(gradient, output) ({ lanes g_ = (gradient), z_ = (output); vf_select(z_ > 0.0f, g_, splat(0)); })

INLINE long widest(const kernel_tower *tower) {
  long width = tower->first_width;
  for (long k = 0; k < tower->layer_count; k++)
    if (tower->widths[k] > width) width = tower->widths[k];
  return width;
}

// All layers' outputs, and two layers' gradients.
int64_t kernel_tower_scratch(const kernel_tower *tower) {
  int64_t outputs = tower->first_width;
  for (int64_t k = 0; k < tower->layer_count; k++) outputs += tower->widths[k];
  return (outputs + 2 * widest(tower)) * TILE;
}

// Four outputs of a layer for a tile: eight sums that stay in registers.
INLINE void dense_group(const float *z, long inputs, const float *weights, const float *bias, float *out) {
  lanes s0 = splat(bias[0]), s1 = splat(bias[1]), s2 = splat(bias[2]), s3 = splat(bias[3]);
  lanes t0 = s0, t1 = s1, t2 = s2, t3 = s3;
  for (long j = 0; j < inputs; j++) {
    lanes x = load(z + j * TILE), y = load(z + j * TILE + LANES);
    const float *w = weights + j * GROUP;
    lanes w0 = splat(w[0]), w1 = splat(w[1]), w2 = splat(w[2]), w3 = splat(w[3]);
    s0 += w0 * x;
    t0 += w0 * y;
    s1 += w1 * x;
    t1 += w1 * y;
    s2 += w2 * x;
    t2 += w2 * y;
    s3 += w3 * x;
    t3 += w3 * y;
  }
  store(out, rectified(s0));
  store(out + LANES, rectified(t0));
  store(out + TILE, rectified(s1));
  store(out + TILE + LANES, rectified(t1));
  store(out + 2 * TILE, rectified(s2));
  store(out + 2 * TILE + LANES, rectified(t2));
  store(out + 3 * TILE, rectified(s3));
  store(out + 3 * TILE + LANES, rectified(t3));
}

// The layers after the first, one layer's outputs after another's from z on. Returns where h begins.
INLINE const float *later_layers(const kernel_tower *tower, float *z) {
  long inputs = tower->first_width;
  const float *parameters = tower->parameters;
  for (long k = 0; k < tower->layer_count; k++) {
    long outputs = tower->widths[k];
    const float *bias = parameters + outputs * inputs;
    float *next = z + inputs * TILE;
    for (long o = 0; o < outputs; o += GROUP) dense_group(z, inputs, parameters + o * inputs, bias + o, next + o * TILE);
    parameters = bias + outputs;
    inputs = outputs;
    z = next;
  }
  return parameters;
}

INLINE long last_width(const kernel_tower *tower) {
  return tower->layer_count > 0 ? tower->widths[tower->layer_count - 1] : tower->first_width;
}

// Where the last layer's outputs begin.
INLINE float *last_outputs(const kernel_tower *tower, float *z) {
  long inputs = tower->first_width;
  for (long k = 0; k < tower->layer_count; k++) {
    z += inputs * TILE;
    inputs = tower->widths[k];
  }
  return z;
}

INLINE void weighted_sum(const float *z, long width, const float *weights, lanes *s, lanes *t) {
  for (long j = 0; j < width; j++) {
    *s += splat(weights[j]) * load(z + j * TILE);
    *t += splat(weights[j]) * load(z + j * TILE + LANES);
  }
}

INLINE void score_tile(const kernel_tower *tower, const float *user, const float *items, float *z, float *scores) {
  long width = tower->first_width;
  for (long j = 0; j < width; j++) {
    store(z + j * TILE, rectified(splat(user[j]) + load(items + j * TILE)));
    store(z + j * TILE + LANES, rectified(splat(user[j]) + load(items + j * TILE + LANES)));
  }
  const float *output = later_layers(tower, z);
  lanes s = splat(tower->offset), t = s;
  weighted_sum(last_outputs(tower, z), last_width(tower), output, &s, &t);
  weighted_sum(items + width * TILE, tower->factor_width, user + width, &s, &t);
  store(scores, s);
  store(scores + LANES, t);
}

KERNEL void kernel_tower_scores(const kernel_tower *tower, const float *users, int64_t user_count, const float *items,
                                int64_t item_count, float *scratch, float *out, int64_t out_stride) {
  long width = tower->first_width + tower->factor_width;
  float scores[TILE];
  // A tile of items stays in L1 while the users go by.
  for (long first = 0; first < item_count; first += TILE) {
    long count = item_count - first < TILE ? item_count - first : TILE;
    for (long u = 0; u < user_count; u++) {
      score_tile(tower, users + u * width, items + first * width, scratch, scores);
      memcpy(out + u * out_stride + first, scores, sizeof(float) * (size_t)count);
    }
  }
}

// ---- Pairs of a batch

// z_1 of a tile's pairs, 0 beyond their count.
INLINE void gather_tile(const kernel_tower_pairs *pairs, long first, long count, long width, float *z) {
  if (count < TILE) memset(z, 0, sizeof(float) * (size_t)(width * TILE));
  for (long p = 0; p < count; p++) {
    const float *user = pairs->users + (long)pairs->user_places[first + p] * width;
    const float *item = pairs->items + (long)pairs->item_places[first + p] * width;
    for (long j = 0; j < width; j++) {
      float sum = user[j] + item[j];
      z[j * TILE + p] = sum < 0 ? 0 : sum;
    }
  }
}

KERNEL void kernel_tower_forward(const kernel_tower *tower, const kernel_tower_pairs *pairs, int64_t first, int64_t end,
                                 float *scratch, float *scores) {
  float tile[TILE];
  for (long start = first; start < end; start += TILE) {
    long count = end - start < TILE ? end - start : TILE;
    gather_tile(pairs, start, count, tower->first_width, scratch);
    const float *output = later_layers(tower, scratch);
    lanes s = splat(tower->offset), t = s;
    weighted_sum(last_outputs(tower, scratch), last_width(tower), output, &s, &t);
    store(tile, s);
    store(tile + LANES, t);
    memcpy(scores + start, tile, sizeof(float) * (size_t)count);
  }
}

#define add_to_sum(sums, index, value) store((sums) + (index) * LANES, load((sums) + (index) * LANES) + (value))

// Adds the gradients of four outputs' weights and biases.
INLINE void weight_gradients(const float *z, long inputs, const float *gradient, float *weights, float *bias) {
  lanes s0 = load(gradient), t0 = load(gradient + LANES);
  lanes s1 = load(gradient + TILE), t1 = load(gradient + TILE + LANES);
  lanes s2 = load(gradient + 2 * TILE), t2 = load(gradient + 2 * TILE + LANES);
  lanes s3 = load(gradient + 3 * TILE), t3 = load(gradient + 3 * TILE + LANES);
  for (long j = 0; j < inputs; j++) {
    lanes x = load(z + j * TILE), y = load(z + j * TILE + LANES);
    add_to_sum(weights, j * GROUP, s0 * x + t0 * y);
    add_to_sum(weights, j * GROUP + 1, s1 * x + t1 * y);
    add_to_sum(weights, j * GROUP + 2, s2 * x + t2 * y);
    add_to_sum(weights, j * GROUP + 3, s3 * x + t3 * y);
  }
  add_to_sum(bias, 0, s0 + t0);
  add_to_sum(bias, 1, s1 + t1);
  add_to_sum(bias, 2, s2 + t2);
  add_to_sum(bias, 3, s3 + t3);
}

// The gradients of four inputs from `inputs` on, of which z are the values; weights are those of the first of them.
INLINE void input_gradients(const float *z, long inputs, long outputs, const float *weights, const float *gradient, float *out) {
  lanes s0 = splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  for (long o = 0; o < outputs; o++) {
    lanes x = load(gradient + o * TILE), y = load(gradient + o * TILE + LANES);
    const float *w = weights + o / GROUP * inputs * GROUP + o % GROUP;
    lanes w0 = splat(w[0]), w1 = splat(w[GROUP]), w2 = splat(w[2 * GROUP]), w3 = splat(w[3 * GROUP]);
    s0 += w0 * x;
    t0 += w0 * y;
    s1 += w1 * x;
    t1 += w1 * y;
    s2 += w2 * x;
    t2 += w2 * y;
    s3 += w3 * x;
    t3 += w3 * y;
  }
  store(out, passed(s0, load(z)));
  store(out + LANES, passed(t0, load(z + LANES)));
  store(out + TILE, passed(s1, load(z + TILE)));
  store(out + TILE + LANES, passed(t1, load(z + TILE + LANES)));
  store(out + 2 * TILE, passed(s2, load(z + 2 * TILE)));
  store(out + 2 * TILE + LANES, passed(t2, load(z + 2 * TILE + LANES)));
  store(out + 3 * TILE, passed(s3, load(z + 3 * TILE)));
  store(out + 3 * TILE + LANES, passed(t3, load(z + 3 * TILE + LANES)));
}

// The gradients of h and c, and of the last layer's sums.
INLINE void output_gradients(const float *z, long width, const float *weights, const float *slopes, float *sums, float *out) {
  lanes s = load(slopes), t = load(slopes + LANES);
  for (long j = 0; j < width; j++) {
    lanes x = load(z + j * TILE), y = load(z + j * TILE + LANES);
    add_to_sum(sums, j, s * x + t * y);
    store(out + j * TILE, passed(splat(weights[j]) * s, x));
    store(out + j * TILE + LANES, passed(splat(weights[j]) * t, y));
  }
  add_to_sum(sums, width, s + t);
}

// From the derivatives with respect to a tile's scores, `slopes`, to those with respect to the first layer's sums, which it returns.
// z are all layers' outputs, behind which there is room for the gradients of two.
INLINE const float *backward_tile(const kernel_tower *tower, float *z, const float *output, const float *slopes, float *sums) {
  long outputs = last_width(tower);
  float *values = last_outputs(tower, z);
  float *gradient = values + outputs * TILE, *next = gradient + widest(tower) * TILE;
  const float *parameters = output;
  output_gradients(values, outputs, output, slopes, sums + (output - tower->parameters) * LANES, gradient);
  for (long k = tower->layer_count - 1; k >= 0; k--) {
    long inputs = k > 0 ? tower->widths[k - 1] : tower->first_width;
    values -= inputs * TILE;
    parameters -= outputs * (inputs + 1);
    float *weight_sums = sums + (parameters - tower->parameters) * LANES;
    for (long o = 0; o < outputs; o += GROUP)
      weight_gradients(values, inputs, gradient + o * TILE, weight_sums + o * inputs * LANES,
                       weight_sums + (outputs * inputs + o) * LANES);
    for (long j = 0; j < inputs; j += GROUP)
      input_gradients(values + j * TILE, inputs, outputs, parameters + j * GROUP, gradient, next + j * TILE);
    float *done = gradient;
    gradient = next;
    next = done;
    outputs = inputs;
  }
  return gradient;
}

KERNEL void kernel_tower_backward(const kernel_tower *tower, const kernel_tower_pairs *pairs, int64_t first, int64_t end,
                                  const float *gradients, float *scratch, float *parts, float *sums) {
  long width = tower->first_width;
  float tile[TILE];
  for (long start = first; start < end; start += TILE) {
    long count = end - start < TILE ? end - start : TILE;
    gather_tile(pairs, start, count, width, scratch);
    const float *output = later_layers(tower, scratch);
    if (count < TILE) memset(tile, 0, sizeof tile);
    memcpy(tile, gradients + start, sizeof(float) * (size_t)count);
    const float *of_parts = backward_tile(tower, scratch, output, tile, sums);
    for (long p = 0; p < count; p++)
      for (long j = 0; j < width; j++) parts[(start + p) * width + j] = of_parts[j * TILE + p];
  }
}
