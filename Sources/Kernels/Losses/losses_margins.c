#include "kernel_losses.h"
#include "loss_rows.h"

KERNEL double kernel_loss_margins(float positive, const float *negative, long count, const float *margins,
                                  const float *weights, long margin_count, int banded, float positive_scale,
                                  float negative_scale, float *positive_gradient, float *negative_gradient) {
  lanes value = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes cost = splat(0);
    g = splat(0);
    for (long k = 0; k < margin_count; k++) {
      lanes over = s - splat(margins[k]);
      lanes term = splat(weights[k]) * over;
      if (banded) {
        cost = vf_select(over <= splat(0), cost, term);
        g = vf_select(over <= splat(0), g, splat(weights[k]));
      } else {
        cost += WHERE_POSITIVE(over, term);
        g += WHERE_POSITIVE(over, splat(weights[k]));
      }
    }
    value += cost;
    g *= splat(negative_scale);
  });
  *positive_gradient = positive < 1 ? -positive_scale : 0;
  double gap = positive >= 1 ? 0 : 1 - (double)positive;
  return positive_scale * gap + negative_scale * (double)lane_sum(value);
}

KERNEL double kernel_loss_hardest(float positive, const float *negative, long count, float margin, double item_count,
                                  float scale, float *positive_gradient, float *negative_gradient) {
  lanes most = splat(-INFINITY), impostors = {0}, check = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes x = (s - splat(positive)) + splat(margin);
    lanes over = WHERE_POSITIVE(x, x);
    impostors += WHERE_POSITIVE(x, splat(1));
    check += over - over;
    most = vf_select(s <= most, most, s);
    g = splat(0);
  });
  float top = vf_max_lane(most);
  double over = ((double)top - positive) + margin, invalid = lane_sum(check);
  *positive_gradient = (float)invalid;
  if (over <= 0) return invalid;
  double rank = item_count * lane_sum(impostors) / count;
  float slope = (float)(scale * log(rank + 1));
  *positive_gradient -= slope;
  for (long j = 0; j < count; j++) {
    if (negative[j] == top) {
      negative_gradient[j] = slope;
      break;
    }
  }
  return (double)slope * over + invalid;
}
