#include "kernel_losses.h"
#include "loss_rows.h"

KERNEL double kernel_loss_log_sum_exp(float positive, const float *negative, long count, float temperature,
                                      int with_positive, float scale, float *positive_gradient, float *negative_gradient) {
  lanes most = splat(-INFINITY);
  // The derivatives are overwritten below; here they only carry the maximum's loop.
  FOR_EACH_NEGATIVE(-INFINITY, {
    most = vf_select(s <= most, most, s);
    g = s;
  });
  float top = vf_max_lane(most);
  if (with_positive && !(positive <= top)) top = positive;
  double inverse = 1 / (double)temperature;
  lanes sum = {0};
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

KERNEL void kernel_loss_softmax_single(const float *scores, long count, float temperature, float scale, float *gradients,
                                       double *values) {
  float inverse = 1 / temperature;
  FOR_EACH_PAIR({
    // The difference first: it is exact for scores near each other, however large they are.
    lanes x = (s - p) * splat(inverse);
    cost = vf_softplus(x);
    g = splat(scale * inverse) * vf_sigmoid(x);
    h = -g;
  })
}

KERNEL double kernel_loss_sampled_softmax(float positive, const float *negative, long count, float temperature,
                                          float positive_log_proposal, const float *log_proposal, float scale,
                                          float *positive_gradient, float *negative_gradient) {
  float inverse = 1 / temperature;
  FOR_EACH_NEGATIVE(0, g = s * splat(inverse) - BESIDE(log_proposal));
  // Reads each corrected score before it writes the derivative over it.
  double value = kernel_loss_log_sum_exp(positive * inverse - positive_log_proposal, negative_gradient, count, 1, 1, scale,
                                         positive_gradient, negative_gradient);
  *positive_gradient *= inverse;
  for (long j = 0; j < count; j++) negative_gradient[j] *= inverse;
  return value;
}
