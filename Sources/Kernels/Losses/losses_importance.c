#include "kernel_losses.h"
#include "loss_rows.h"

// Rows of fewer negatives than lanes are handled 16 rows at a time, a lane a row; longer ones one after another.

typedef struct {
  const float *scores, *log_proposal;
  long count;
  float inverse, scale;
  int through_weights;
  float *gradients;
  double *values;
} importance;

/// Reads a column of `part` rows that are `stride` floats apart; the other lanes are 0.
INLINE void read_column(lanes *column, const float *first, long stride, long part) {
  float numbers[LANES] = {0};
  for (long r = 0; r < part; r++) numbers[r] = first[r * stride];
  *column = load(numbers);
}

INLINE void write_column(const lanes *column, float *first, long stride, long part) {
  float numbers[LANES];
  store(numbers, *column);
  for (long r = 0; r < part; r++) first[r * stride] = numbers[r];
}

INLINE void importance_of_short_rows(const importance *loss, long first, long part) {
  long count = loss->count, stride = count + 1;
  const float *scores = loss->scores + first * stride;
  float *gradients = loss->gradients + first * stride;
  lanes positive, gap[LANES], weight[LANES], cost[LANES], slope[LANES], top = splat(-INFINITY);
  read_column(&positive, scores, stride, part);
  for (long j = 0; j < count; j++) {
    lanes score, proposal = {0};
    read_column(&score, scores + 1 + j, stride, part);
    if (loss->log_proposal) read_column(&proposal, loss->log_proposal + first * count + j, count, part);
    gap[j] = score - positive;
    weight[j] = score * splat(loss->inverse) - proposal;
    top = vf_select(weight[j] <= top, top, weight[j]);
  }
  lanes mass = {0}, total = {0};
  for (long j = 0; j < count; j++) {
    weight[j] = vf_exp(weight[j] - top);
    // softplus and sigmoid by the same exponential.
    lanes x = gap[j], small = vf_exp(-vf_abs(x));
    cost[j] = vf_select(x > splat(0), x, splat(0)) + vf_log1p_unit(small);
    slope[j] = vf_select(x < splat(0), small, splat(1)) / (small + splat(1));
    mass += weight[j];
    total += weight[j] * cost[j];
  }
  lanes mean = total / mass, share = splat(loss->scale) / mass, sum = {0};
  for (long j = 0; j < count; j++) {
    lanes w = weight[j] * share, g = w * slope[j];
    sum += g;
    if (loss->through_weights) g += w * (cost[j] - mean) * splat(loss->inverse);
    write_column(&g, gradients + 1 + j, stride, part);
  }
  lanes own = -sum;
  write_column(&own, gradients, stride, part);
  float means[LANES];
  store(means, mean);
  for (long r = 0; r < part; r++) loss->values[first + r] = (double)loss->scale * means[r];
}

INLINE double importance_of_long_row(const importance *loss, long row) {
  long count = loss->count;
  const float *negative = loss->scores + row * (count + 1) + 1, *log_proposal = loss->log_proposal;
  float positive = negative[-1], *negative_gradient = loss->gradients + row * (count + 1) + 1;
  if (log_proposal) log_proposal += row * count;
  lanes most = splat(-INFINITY);
  FOR_EACH_NEGATIVE(-INFINITY, {
    g = s * splat(loss->inverse);
    if (log_proposal) g -= BESIDE(log_proposal);
    most = vf_select(g <= most, most, g);
  });
  float top = vf_max_lane(most);
  lanes mass = {0}, cost = {0};
  // A row's weights are found in the place of its derivatives.
  FOR_EACH_NEGATIVE(-INFINITY, {
    g = vf_exp((j + LANES <= count ? load(negative_gradient + j)
                                   : vf_load_part_or(negative_gradient + j, count - j, -INFINITY)) - splat(top));
    mass += g;
    cost += g * vf_softplus(s - splat(positive));
  });
  double total = lane_sum(mass), mean = lane_sum(cost) / total;
  lanes slope = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes w = BESIDE(negative_gradient) * splat(loss->scale / total), x = s - splat(positive);
    g = w * vf_sigmoid(x);
    slope += g;
    if (loss->through_weights) g += w * (vf_softplus(x) - splat(mean)) * splat(loss->inverse);
  });
  negative_gradient[-1] = -lane_sum(slope);
  return loss->scale * mean;
}

KERNEL void kernel_loss_importance(const float *scores, long rows, long count, const float *log_proposal, float temperature,
                                   int through_weights, float scale, float *gradients, double *values) {
  importance loss = {scores, log_proposal, count, 1 / temperature, scale, through_weights, gradients, values};
  if (count < LANES) {
    for (long r = 0; r < rows; r += LANES) importance_of_short_rows(&loss, r, rows - r < LANES ? rows - r : LANES);
  } else {
    for (long r = 0; r < rows; r++) values[r] = importance_of_long_row(&loss, r);
  }
}
