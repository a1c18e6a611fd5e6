#include "kernel_losses.h"
#include "loss_rows.h"

KERNEL double kernel_loss_cross_entropy(float positive, const float *negative, long count, float positive_scale,
                                        float negative_scale, float *positive_gradient, float *negative_gradient) {
  lanes value = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    value += vf_softplus(s);
    g = splat(negative_scale) * vf_sigmoid(s);
  });
  *positive_gradient = (float)(-positive_scale * sigmoid_of(-(double)positive));
  return negative_scale * (double)lane_sum(value) + positive_scale * softplus_of(-(double)positive);
}

KERNEL double kernel_loss_cross_entropy_reweighted(float positive, const float *negative, long count, float exponent,
                                                   float scale, float *positive_gradient, float *negative_gradient) {
  lanes value = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes l = vf_softplus(s), w = vf_exp(-splat(exponent) * l);
    value += w * l;
    g = splat(scale) * w * vf_sigmoid(s);
  });
  double l = softplus_of(-(double)positive), w = exp(-exponent * l);
  *positive_gradient = (float)(-scale * w * sigmoid_of(-(double)positive));
  return scale * ((double)lane_sum(value) + w * l);
}

KERNEL void kernel_loss_cross_entropy_single(const float *scores, long count, float scale, float *gradients, double *values) {
  FOR_EACH_PAIR({
    cost = vf_softplus(-p) + vf_softplus(s);
    g = splat(scale) * vf_sigmoid(s);
    h = -splat(scale) * vf_sigmoid(-p);
  })
}

KERNEL void kernel_loss_cross_entropy_reweighted_single(const float *scores, long count, float exponent, float scale,
                                                        float *gradients, double *values) {
  FOR_EACH_PAIR({
    lanes own = vf_softplus(-p), other = vf_softplus(s);
    lanes own_weight = vf_exp(-splat(exponent) * own), other_weight = vf_exp(-splat(exponent) * other);
    cost = own_weight * own + other_weight * other;
    g = splat(scale) * other_weight * vf_sigmoid(s);
    h = -splat(scale) * own_weight * vf_sigmoid(-p);
  })
}

KERNEL double kernel_loss_squared(float positive, const float *negative, long count, float positive_scale,
                                  float negative_scale, float *positive_gradient, float *negative_gradient) {
  lanes value = {0};
  FOR_EACH_NEGATIVE(0, {
    value += s * s;
    g = splat(negative_scale) * s;
  });
  double gap = (double)positive - 1;
  *positive_gradient = (float)(positive_scale * gap);
  return positive_scale * gap * gap / 2 + negative_scale * (double)lane_sum(value) / 2;
}
