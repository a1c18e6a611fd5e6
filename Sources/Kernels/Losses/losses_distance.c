#include "kernel_losses.h"
#include "loss_rows.h"

// Distances of nearly 0 are held at this, so that the slope of a square root stays finite.
static const float smallest = 1e-6f;

/// The square root of -s: NaN for a score above 0, which is no distance.
#define ROOT_DISTANCE(s) \
  vf_select((s) > splat(0), splat(NAN), root(larger(splat(smallest * smallest), -(s))))

VF_INLINE double root_distance_of(double s) {
  if (s > 0) return NAN;
  return s > -(double)smallest * smallest ? smallest : sqrt(-s);
}

KERNEL double kernel_loss_triplet_root(float positive, const float *negative, long count, float margin, float scale,
                                       float *positive_gradient, float *negative_gradient) {
  double own = root_distance_of(positive);
  lanes value = {0}, active = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes d = ROOT_DISTANCE(s);
    lanes x = (splat(own) - d) + splat(margin);
    value += WHERE_POSITIVE(x, x);
    active += WHERE_POSITIVE(x, splat(1));
    g = WHERE_POSITIVE(x, splat(scale) * splat(0.5f) / d);
  });
  *positive_gradient = (float)(-(double)scale * lane_sum(active) / (2 * own));
  return (double)scale * lane_sum(value);
}

KERNEL double kernel_loss_contrastive(float positive, const float *negative, long count, int distance, int squared,
                                      float margin, float scale, float *positive_gradient, float *negative_gradient) {
  float origin = distance == KERNEL_DISTANCE_COSINE ? 1 : 0;
  int is_root = distance == KERNEL_DISTANCE_ROOT;
  lanes value = {0};
  FOR_EACH_NEGATIVE(-INFINITY, {
    lanes d = is_root ? ROOT_DISTANCE(s) : splat(origin) - s;
    lanes gap = splat(margin) - d;
    gap = WHERE_POSITIVE(gap, gap);
    value += squared ? gap * gap : gap;
    lanes slope = squared ? splat(2) * gap : WHERE_POSITIVE(gap, splat(1));
    g = splat(scale) * (is_root ? slope * splat(0.5f) / d : slope);
  });
  double d = is_root ? root_distance_of(positive) : origin - (double)positive;
  double slope = squared ? 2 * d : 1;
  *positive_gradient = (float)(-scale * (is_root ? slope / (2 * d) : slope));
  return scale * ((double)lane_sum(value) + (squared ? d * d : d));
}
