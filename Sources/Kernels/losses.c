#include "kernel_losses.h"

#include <math.h>

#include "vectors.h"

/// Runs `body` over 16 negatives at a time: `s` holds the scores, with `rest` in the lanes beyond the last, and `body` leaves the
/// derivatives in `g`.
#define FOR_EACH_NEGATIVE(rest, body)                                          \
  do {                                                                         \
    long j = 0;                                                                \
    for (; j + LANES <= count; j += LANES) {                                   \
      f16 s = load(negative + j), g;                                           \
      body;                                                                    \
      store(negative_gradient + j, g);                                         \
    }                                                                          \
    if (j < count) {                                                           \
      f16 s = vf_load_part_or(negative + j, count - j, rest), g;               \
      body;                                                                    \
      vf_store_part(negative_gradient + j, g, count - j);                      \
    }                                                                          \
  } while (0)

KERNEL double kernel_loss_pairwise_logistic(float positive, const float *negative, long count, float scale,
                                            float *positive_gradient, float *negative_gradient) {
  f16 value = {0}, slope = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    f16 x = s - splat(positive);
    value += vf_softplus(x);
    g = splat(scale) * vf_sigmoid(x);
    slope += g;
  });
  *positive_gradient = -lane_sum(slope);
  return (double)scale * lane_sum(value);
}

KERNEL void kernel_loss_pairwise_logistic_single(const float *scores, long count, float scale, float *gradients, double *values) {
  for (long first = 0; first < count; first += LANES) {
    long part = count - first < LANES ? count - first : LANES;
    float difference[LANES], value[LANES], slope[LANES];
    for (long i = 0; i < LANES; i++)
      difference[i] = i < part ? scores[2 * (first + i) + 1] - scores[2 * (first + i)] : 0;
    f16 x = load(difference);
    store(value, vf_softplus(x));
    store(slope, splat(scale) * vf_sigmoid(x));
    for (long i = 0; i < part; i++) {
      values[first + i] = (double)scale * value[i];
      gradients[2 * (first + i)] = -slope[i];
      gradients[2 * (first + i) + 1] = slope[i];
    }
  }
}

KERNEL double kernel_loss_pairwise_hinge(float positive, const float *negative, long count, float margin, float scale,
                                         float *positive_gradient, float *negative_gradient) {
  f16 value = {0}, slope = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    // The difference first: it is exact for scores near each other, however large they are.
    f16 x = (s - splat(positive)) + splat(margin);
    // Written so that NaN stays NaN: a comparison with it is false.
    value += vf_select(x <= splat(0), splat(0), x);
    g = vf_select(x <= splat(0), splat(0), splat(scale));
    slope += g;
  });
  *positive_gradient = -lane_sum(slope);
  return (double)scale * lane_sum(value);
}

KERNEL double kernel_loss_cross_entropy(float positive, const float *negative, long count, float scale,
                                        float *positive_gradient, float *negative_gradient) {
  f16 value = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    value += vf_softplus(s);
    g = splat(scale) * vf_sigmoid(s);
  });
  double p = positive;
  *positive_gradient = (float)(-scale / (1 + exp(p)));
  return scale * ((double)lane_sum(value) + fmax(-p, 0) + log1p(exp(-fabs(p)))) + (p - p);
}

KERNEL double kernel_loss_squared(float positive, const float *negative, long count, float positive_scale,
                                  float negative_scale, float *positive_gradient, float *negative_gradient) {
  f16 value = {0};
  FOR_EACH_NEGATIVE(0, {
    value += s * s;
    g = splat(negative_scale) * s;
  });
  double gap = (double)positive - 1;
  *positive_gradient = (float)(positive_scale * gap);
  return positive_scale * gap * gap / 2 + negative_scale * (double)lane_sum(value) / 2;
}

KERNEL double kernel_loss_margins(float positive, const float *negative, long count, const float *margins,
                                  const float *weights, long margin_count, int banded, float positive_scale,
                                  float negative_scale, float *positive_gradient, float *negative_gradient) {
  f16 value = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    f16 cost = splat(0);
    g = splat(0);
    for (long k = 0; k < margin_count; k++) {
      f16 over = s - splat(margins[k]);
      f16 term = splat(weights[k]) * over;
      if (banded) {
        cost = vf_select(over <= splat(0), cost, term);
        g = vf_select(over <= splat(0), g, splat(weights[k]));
      } else {
        cost += vf_select(over <= splat(0), splat(0), term);
        g += vf_select(over <= splat(0), splat(0), splat(weights[k]));
      }
    }
    value += cost;
    g *= splat(negative_scale);
  });
  *positive_gradient = positive < 1 ? -positive_scale : 0;
  double gap = positive >= 1 ? 0 : 1 - (double)positive;
  return positive_scale * gap + negative_scale * (double)lane_sum(value);
}

KERNEL double kernel_loss_log_sum_exp(float positive, const float *negative, long count, float temperature,
                                      int with_positive, float scale, float *positive_gradient, float *negative_gradient) {
  f16 most = splat(-INFINITY);
  // The derivatives are overwritten below; here they only carry the maximum's loop.
  FOR_EACH_NEGATIVE(-INFINITY, {
    most = vf_select(s <= most, most, s);
    g = s;
  });
  float top = vf_max_lane(most);
  if (with_positive && !(positive <= top)) top = positive;
  double inverse = 1 / (double)temperature;
  f16 sum = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    g = vf_exp((s - splat(top)) * splat(inverse));
    sum += g;
  });
  double others = lane_sum(sum);
  double own = with_positive ? exp(((double)positive - top) * inverse) : 0;
  double total = others + own;
  float share = (float)(scale * inverse / total);
  for (long j = 0; j < count; j++) negative_gradient[j] *= share;
  if (!with_positive) {
    *positive_gradient = 0;
    return scale * (top * inverse + log(total));
  }
  // Not own / total - 1 and ln(total) of a total near 1: both would cancel where the positive has won.
  *positive_gradient = (float)(-scale * inverse * others / total);
  return scale * (((double)top - positive) * inverse + (own == 1 ? log1p(others) : log(total)));
}
