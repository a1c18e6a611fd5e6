#include "kernel_losses.h"
#include "loss_rows.h"

KERNEL double kernel_loss_boundary_logistic(float positive, float boundary, const float *negative, long count,
                                            float positive_scale, float negative_scale, float *positive_gradient,
                                            float *negative_gradient, float *boundary_gradient) {
  lanes value = {0}, slope = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes x = s - splat(boundary);
    value += vf_softplus(x);
    g = splat(negative_scale) * vf_sigmoid(x);
    slope += g;
  });
  double gap = (double)boundary - positive;
  float own = (float)(positive_scale * sigmoid_of(gap));
  *positive_gradient = -own;
  *boundary_gradient = own - lane_sum(slope);
  return positive_scale * softplus_of(gap) + negative_scale * (double)lane_sum(value);
}

KERNEL double kernel_loss_boundary_margin(float positive, float boundary, const float *negative, long count, float margin,
                                          float positive_scale, float negative_scale, float *positive_gradient,
                                          float *negative_gradient, float *boundary_gradient) {
  lanes value = {0}, slope = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes x = (s - splat(boundary)) + splat(margin);
    value += WHERE_POSITIVE(x, x);
    g = WHERE_POSITIVE(x, splat(negative_scale));
    slope += g;
  });
  double gap = ((double)boundary - positive) + margin;
  float own = gap <= 0 ? 0 : positive_scale;
  *positive_gradient = -own;
  *boundary_gradient = own - lane_sum(slope);
  return positive_scale * (gap <= 0 ? 0 : gap) + negative_scale * (double)lane_sum(value);
}

KERNEL double kernel_loss_symmetric(const kernel_symmetric_row *row, const float *negative, const float *item_scores, long count,
                                    float *negative_gradient, float *item_gradient, kernel_symmetric_slopes *slopes) {
  float positive = row->positive, rival = row->boundary ? *row->boundary : positive;
  lanes value = {0}, active = {0}, item_value = {0}, item_active = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes x = (s - splat(rival)) + splat(row->user_margin);
    value += WHERE_POSITIVE(x, x);
    g = WHERE_POSITIVE(x, splat(1));
    active += g;
  });
  long counted = count;
  {
    // The same loop over the scores that the items have between them.
    const float *negative = item_scores;
    float *negative_gradient = item_gradient;
    long count = counted;
    FOR_EACH_NEGATIVE(-INFINITY, {
      lanes x = (s - splat(positive)) + splat(row->item_margin);
      item_value += WHERE_POSITIVE(x, x);
      lanes one = WHERE_POSITIVE(x, splat(1));
      item_active += one;
      g = one * splat(row->item_weight);
    });
  }
  float over = lane_sum(active), between = row->item_weight * lane_sum(item_active), under = 0;
  double total = lane_sum(value) + row->item_weight * (double)lane_sum(item_value);
  if (row->boundary) {
    double gap = ((double)rival - positive) + row->user_margin;
    under = gap <= 0 ? 0 : row->positive_weight;
    total += gap <= 0 ? 0 : row->positive_weight * gap;
    slopes->boundary = under - over;
    slopes->positive = -(under + between);
  } else {
    slopes->boundary = 0;
    slopes->positive = -(over + between);
  }
  slopes->user_margin = over + under;
  slopes->item_margin = between;
  return total;
}
