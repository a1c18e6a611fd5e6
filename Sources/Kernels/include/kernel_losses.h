#ifndef KERNEL_LOSSES_H
#define KERNEL_LOSSES_H

#include <stdint.h>

// Losses of one positive and its negatives, forward and backward in one pass over the scores.
// Each returns the value; the derivatives go to *positive_gradient and negative_gradient[count].

/// scale * sum_j softplus(negative_j - positive)
double kernel_loss_pairwise_logistic(float positive, const float *negative, long count, float scale,
                                     float *positive_gradient, float *negative_gradient);

/// The same for `count` rows of one negative each: `scores` and `gradients` are [count, 2], a positive and its negative.
void kernel_loss_pairwise_logistic_single(const float *scores, long count, float scale, float *gradients, double *values);

/// scale * sum_j [margin + negative_j - positive]+
double kernel_loss_pairwise_hinge(float positive, const float *negative, long count, float margin, float scale,
                                  float *positive_gradient, float *negative_gradient);

/// scale * ( softplus(-positive) + sum_j softplus(negative_j) )
double kernel_loss_cross_entropy(float positive, const float *negative, long count, float scale, float *positive_gradient,
                                 float *negative_gradient);

/// positive_scale * (positive - 1)^2 / 2 + negative_scale * sum_j negative_j^2 / 2
double kernel_loss_squared(float positive, const float *negative, long count, float positive_scale, float negative_scale,
                           float *positive_gradient, float *negative_gradient);

/// positive_scale * [1 - positive]+ + negative_scale * sum_j sum_k weights_k [negative_j - margins_k]+
/// banded: a negative gets only the weight of the largest margin below it (margins ascend).
double kernel_loss_margins(float positive, const float *negative, long count, const float *margins, const float *weights,
                           long margin_count, int banded, float positive_scale, float negative_scale,
                           float *positive_gradient, float *negative_gradient);

/// with_positive: scale * ( ln( exp(positive / t) + sum_j exp(negative_j / t) ) - positive / t ), softmax cross-entropy;
/// without: scale * ln( sum_j exp(negative_j / t) ), and *positive_gradient is 0.
double kernel_loss_log_sum_exp(float positive, const float *negative, long count, float temperature, int with_positive,
                               float scale, float *positive_gradient, float *negative_gradient);

#endif
