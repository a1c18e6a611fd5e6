#include "kernel_losses.h"
#include "loss_rows.h"

#define COMMA ,

/// Defines `NAME` for a row of several negatives and `NAME_single` for many rows of one. The body is that of FOR_EACH_PAIR;
/// the derivative with respect to the positive is the opposite of that with respect to the negative.
#define PAIRWISE_LOSS(NAME, SETTINGS, ...)                                                                              \
  KERNEL double NAME(float positive, const float *negative, long count, SETTINGS float scale, float *positive_gradient, \
                     float *negative_gradient) {                                                                        \
    lanes p = splat(positive), value = {0}, slope = {0};                                                                  \
    FOR_EACH_NEGATIVE(-INFINITY, {                                                                                      \
      lanes cost;                                                                                                         \
      __VA_ARGS__;                                                                                                      \
      value += cost;                                                                                                    \
      slope += g;                                                                                                       \
    });                                                                                                                 \
    *positive_gradient = -lane_sum(slope);                                                                              \
    return (double)scale * lane_sum(value);                                                                             \
  }                                                                                                                     \
  KERNEL void NAME##_single(const float *scores, long count, SETTINGS float scale, float *gradients, double *values) {  \
    FOR_EACH_PAIR({                                                                                                     \
      __VA_ARGS__;                                                                                                      \
      h = -g;                                                                                                           \
    })                                                                                                                  \
  }

PAIRWISE_LOSS(kernel_loss_pairwise_logistic, , {
  lanes x = s - p;
  cost = vf_softplus(x);
  g = splat(scale) * vf_sigmoid(x);
})

PAIRWISE_LOSS(kernel_loss_pairwise_hinge, float margin COMMA, {
  // The difference first: it is exact for scores near each other, however large they are.
  lanes x = (s - p) + splat(margin);
  cost = WHERE_POSITIVE(x, x);
  g = WHERE_POSITIVE(x, splat(scale));
})

PAIRWISE_LOSS(kernel_loss_pairwise_weighted, const float *weights COMMA, {
  lanes x = s - p, w = BESIDE(weights);
  cost = w * vf_softplus(x);
  g = splat(scale) * w * vf_sigmoid(x);
})

PAIRWISE_LOSS(kernel_loss_pairwise_reweighted, float exponent COMMA, {
  lanes x = s - p, l = vf_softplus(x), w = vf_exp(-splat(exponent) * l);
  cost = w * l;
  g = splat(scale) * w * vf_sigmoid(x);
})

KERNEL void kernel_pairwise_logistic_costs(float positive, const float *negative, long count, float *costs) {
  float *negative_gradient = costs;
  FOR_EACH_NEGATIVE(-INFINITY, g = vf_softplus(s - splat(positive)));
}
