#ifndef KERNEL_LOSSES_H
#define KERNEL_LOSSES_H

#include <stdint.h>

// Losses of one positive and its negatives, forward and backward in one pass over the scores.
// Each returns the value; the derivatives go to *positive_gradient and negative_gradient[count].

/// scale * sum_j softplus(negative_j - positive)
double kernel_loss_pairwise_logistic(float positive, const float *negative, long count, float scale,
                                     float *positive_gradient, float *negative_gradient);

/// scale * sum_j [margin + negative_j - positive]+
double kernel_loss_pairwise_hinge(float positive, const float *negative, long count, float margin, float scale,
                                  float *positive_gradient, float *negative_gradient);

/// scale * sum_j weights_j softplus(negative_j - positive)
double kernel_loss_pairwise_weighted(float positive, const float *negative, long count, const float *weights, float scale,
                                     float *positive_gradient, float *negative_gradient);

/// scale * sum_j w_j softplus(negative_j - positive) with the constant w_j = sigmoid(positive - negative_j)^exponent
double kernel_loss_pairwise_reweighted(float positive, const float *negative, long count, float exponent, float scale,
                                       float *positive_gradient, float *negative_gradient);

// The same for `count` rows of one negative each: `scores` and `gradients` are [count, 2], a positive and its negative.
void kernel_loss_pairwise_logistic_single(const float *scores, long count, float scale, float *gradients, double *values);
void kernel_loss_pairwise_hinge_single(const float *scores, long count, float margin, float scale, float *gradients,
                                       double *values);
void kernel_loss_pairwise_weighted_single(const float *scores, long count, const float *weights, float scale,
                                          float *gradients, double *values);
void kernel_loss_pairwise_reweighted_single(const float *scores, long count, float exponent, float scale, float *gradients,
                                            double *values);

void kernel_loss_cross_entropy_single(const float *scores, long count, float scale, float *gradients, double *values);
void kernel_loss_cross_entropy_reweighted_single(const float *scores, long count, float exponent, float scale,
                                                 float *gradients, double *values);
/// With one negative a softmax is scale * softplus((negative - positive) / t).
void kernel_loss_softmax_single(const float *scores, long count, float temperature, float scale, float *gradients,
                                double *values);

/// costs_j = softplus(negative_j - positive)
void kernel_pairwise_logistic_costs(float positive, const float *negative, long count, float *costs);

/// How a score says a distance.
enum {
  KERNEL_DISTANCE_NEGATED = 0,  ///< d = -s
  KERNEL_DISTANCE_ROOT = 1,     ///< d = sqrt(-s), at least 1e-6; NaN for s > 0
  KERNEL_DISTANCE_COSINE = 2,   ///< d = 1 - s
};

/// scale * sum_j [d - d_j + margin]+ with the root distance; the others make it `kernel_loss_pairwise_hinge`.
double kernel_loss_triplet_root(float positive, const float *negative, long count, float margin, float scale,
                                float *positive_gradient, float *negative_gradient);

/// squared: scale * ( d^2 + sum_j [margin - d_j]+^2 ), otherwise scale * ( d + sum_j [margin - d_j]+ )
double kernel_loss_contrastive(float positive, const float *negative, long count, int distance, int squared, float margin,
                               float scale, float *positive_gradient, float *negative_gradient);

/// positive_scale * softplus(-positive) + negative_scale * sum_j softplus(negative_j)
double kernel_loss_cross_entropy(float positive, const float *negative, long count, float positive_scale,
                                 float negative_scale, float *positive_gradient, float *negative_gradient);

/// scale * ( w softplus(-positive) + sum_j w_j softplus(negative_j) ) with constant weights exp(-exponent * their softplus)
double kernel_loss_cross_entropy_reweighted(float positive, const float *negative, long count, float exponent, float scale,
                                            float *positive_gradient, float *negative_gradient);

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

/// scale * ( ln( exp(x) + sum_j exp(x_j) ) - x ) with x = positive / t - positive_log_proposal and x_j likewise
double kernel_loss_sampled_softmax(float positive, const float *negative, long count, float temperature,
                                   float positive_log_proposal, const float *log_proposal, float scale,
                                   float *positive_gradient, float *negative_gradient);

/// values[b] = scale * sum_j w_j softplus(s_bj - s_b), w = softmax_j( s_bj / t - log_proposal_bj ), of `rows` rows of scores
/// [rows, 1 + count], the positive first, and their derivatives in the same places.
///
/// `log_proposal`, [rows, count], may be NULL: all 0. Weights are constants unless `through_weights`. What is computed of a row does
/// not depend on the rows beside it.
void kernel_loss_importance(const float *scores, long rows, long count, const float *log_proposal, float temperature,
                            int through_weights, float scale, float *gradients, double *values);

/// scale * ln(rank + 1) * [max_j negative_j - positive + margin]+, rank = item_count times the share of negatives with
/// negative_j - positive + margin > 0, a constant. Of several hardest negatives the first has the derivative.
double kernel_loss_hardest(float positive, const float *negative, long count, float margin, double item_count, float scale,
                           float *positive_gradient, float *negative_gradient);

/// positive_scale * softplus(boundary - positive) + negative_scale * sum_j softplus(negative_j - boundary)
double kernel_loss_boundary_logistic(float positive, float boundary, const float *negative, long count,
                                     float positive_scale, float negative_scale, float *positive_gradient,
                                     float *negative_gradient, float *boundary_gradient);

/// positive_scale * [boundary - positive + margin]+ + negative_scale * sum_j [negative_j - boundary + margin]+
double kernel_loss_boundary_margin(float positive, float boundary, const float *negative, long count, float margin,
                                   float positive_scale, float negative_scale, float *positive_gradient,
                                   float *negative_gradient, float *boundary_gradient);

/// What a row of symmetric metric learning is made of, besides its negatives.
typedef struct {
  float positive;
  const float *boundary;  ///< NULL: the positive itself is what negatives are held against
  float user_margin, item_margin;
  float item_weight;      ///< lambda
  float positive_weight;  ///< alpha, read where there is a boundary
} kernel_symmetric_row;

typedef struct {
  float positive, boundary, user_margin, item_margin;
} kernel_symmetric_slopes;

/// sum_j [negative_j - rival + user_margin]+ + item_weight * sum_j [item_scores_j - positive + item_margin]+, where the rival is the
/// positive; or the boundary, and then + positive_weight * [boundary - positive + user_margin]+.
double kernel_loss_symmetric(const kernel_symmetric_row *row, const float *negative, const float *item_scores, long count,
                             float *negative_gradient, float *item_gradient, kernel_symmetric_slopes *slopes);

#endif
