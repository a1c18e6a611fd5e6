#ifndef KERNEL_OPTIMIZERS_H
#define KERNEL_OPTIMIZERS_H

#include <stdint.h>

/// An embedding table and what the optimizer keeps for it. Row r starts at r * stride.
typedef struct {
  float *values;
  /// Velocity (SGD with momentum) or what is kept of the first moment (Adam), NULL where the optimizer has none. Adam with idle
  /// motion keeps first / (sqrt(second) + e) as of the row's last gradient, along which the row moves while it has none: catching up
  /// mostly needs neither the second moment nor a root. Lazy Adam keeps the moment itself.
  float *first;
  /// Second moment (Adam) or sum of squares (Adagrad), NULL where the optimizer has none.
  float *second;
  /// Adam with idle motion: the largest share of e in that denominator among the row's elements that move.
  float *epsilon_share;
  /// kernel_row_scales of each row, kept up to date by every function here; NULL for the user table.
  float *scale;
  /// The step of the row's last gradient, 0 if it never had one.
  int32_t *last;
  /// The step up to which `values` holds the row's motion.
  int32_t *seen;
  int64_t stride;
  int32_t score;
  /// A column that is always 1 (the partner of a bias), -1 if there is none.
  int32_t constant_column;
} kernel_table;

enum kernel_optimizer_kind {
  KERNEL_SGD = 0,
  KERNEL_MOMENTUM = 1,
  KERNEL_ADAGRAD = 2,         // G += g^2; x -= rate g / (sqrt(G) + epsilon)
  KERNEL_ADAGRAD_DELAYED = 3, // x -= rate g / (sqrt(G) + epsilon), then G += g^2
  KERNEL_ADAM = 4,
};

/// One step's numbers, the same for every row.
typedef struct {
  int32_t kind;
  int32_t step;
  /// SGD, Adagrad: the rate. Adam: c in x -= c m / (sqrt(v) + e).
  float rate;
  /// Adam: e. Adagrad: epsilon.
  float epsilon;
  double beta1, beta2;
  /// Adam: e before the correction for short histories, and whether it has one.
  double full_epsilon;
  int32_t corrects_epsilon;
  /// Added to the gradient as weight_decay * x.
  float weight_decay;
  /// Not 0: the moments fade only with the gradients of their own row ("sparse" Adam), not with time.
  int32_t lazy;
  /// x -= shrink * x before the step: decoupled decay. 0 for none. Not a factor near 1, whose rounding thousands of steps
  /// would add up.
  float shrink;
} kernel_step;

/// What rows did while they had no gradient, as sums that depend only on when the row was last brought up to date.
///
/// Without a gradient from step `seen` on, with n = seen - last, Adam moves a row at step seen + j by
///   c_{seen+j} * first * rho^{n+j} / (sqrt(second) + epsilon * s_{seen+j} * beta^{n+j}),
/// rho = beta1 / sqrt(beta2), beta = 1 / sqrt(beta2), c_t = rate_t sqrt(1 - beta2^t) / (1 - beta1^t), s_t = sqrt(1 - beta2^t) (1 for
/// Keras' epsilon). With E = epsilon * s_{seen+1} * beta^n and q = E / (sqrt(second) + E) the sum over j is
///   rho^n * first / (sqrt(second) + E) * (c[0] - q c[1] + q^2 c[2] - q^3 c[3] + ...),
///   c[p] = sum_j c_{seen+j} rho^j D_{seen+j} (s_{seen+j} beta^j / s_{seen+1} - 1)^p, D_t = product of the decays after t.
typedef struct {
  float c[4];
  /// |c[4]| / c[0]: how far the series is from converged where epsilon rules.
  float rest;
  /// s_{seen+1}
  float reference;
  /// 1 less the product of the decays of all k steps.
  float shrink;
} kernel_idle_sum;

typedef struct {
  int32_t kind;
  /// The step up to which rows are to be brought.
  int32_t now;
  /// A row whose last gradient is `horizon` steps ago has come to rest.
  int32_t horizon;
  /// Whether resting rows still shrink.
  int32_t decays;
  /// Rows whose epsilon share is below this move along what `first` holds: what epsilon's change would add is below
  /// float rounding.
  float negligible_share;
  double epsilon;
  /// sums[k]: for a row with seen = now - k; k up to `window`.
  const kernel_idle_sum *sums;
  int32_t window;
  /// rho^n and beta^n for n up to horizon + window.
  const double *rho_powers, *beta_powers;
  /// c_t, s_t and D_t for the last `window` steps: index now - t.
  const double *recent_rates, *recent_roots, *recent_decays;
} kernel_idle;

/// Brings rows first..<end with touched[row] != 0 up to `now` and clears their marks.
void kernel_advance_touched(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, uint8_t *touched);

/// Brings the listed rows up to `now`.
void kernel_advance_rows(const kernel_idle *idle, const kernel_table *table, const int32_t *rows, int64_t count);

/// Brings every row of first..<end up to `now` whose motion is `lag` steps behind or more.
void kernel_advance_range(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, int32_t lag);

/// Copies rows first..<end as they would stand at `now`; changes nothing in the table. `out` starts at row `first`.
void kernel_advance_copy(const kernel_idle *idle, const kernel_table *table, int64_t first, int64_t end, float *out);

/// Moves one row by its gradient, which it may overwrite. The row must have been brought up to step - 1.
void kernel_step_row(const kernel_step *step, const kernel_table *table, int64_t row, float *gradient);

/// Moves the listed rows by their gradients times `factor`, [count, stride], which it overwrites.
void kernel_step_rows(const kernel_step *step, const kernel_table *table, const int32_t *rows, int64_t count, float *gradients,
                      float factor);

/// Moves the rows first..<end: row r by gradients[places[r]] times `factor`, which it overwrites, or by 0 where that is below 0.
void kernel_step_every_row(const kernel_step *step, const kernel_table *table, int64_t first, int64_t end, const int32_t *places,
                           float *gradients, float factor);

/// The gradient of a batch with respect to a block of item rows, in the order in which the batch was cut.
typedef struct {
  const kernel_step *step;
  const kernel_table *table;
  /// The users' scoring rows, [batch, stride].
  const float *users;
  /// Entries of this block grouped by item: entries offsets[i]..<offsets[i + 1] belong to item first + i.
  const int32_t *offsets;
  const int32_t *user_rows;
  const float *weights;
  /// Gradient of the regularizer: (per_occurrence * number of entries + per_row) * x.
  float per_occurrence, per_row;
  /// Whether rows without entries step too (a regularizer or a decay that moves every row).
  int32_t every_row;
  /// NULL: step at once. Else gradients are stored here, row by row of the table, for kernel_apply_gradients.
  float *gradients;
  /// Neither step nor store: only the sum of squares is wanted.
  int32_t measures;
} kernel_item_batch;

/// Computes the gradients of items first..<end and steps or stores them.
/// Returns the sum of the squares of the gradients where they are stored or measured, else 0.
double kernel_update_items(const kernel_item_batch *batch, int64_t first, int64_t end);

/// An upper bound of the sum of the squares of the gradients of items first..<end, from their entries and lengths alone: no
/// gradient is made, and where the table keeps scales no row is read. `lengths` are those of the users' scoring rows, [batch].
///
/// An item's gradient is a sum over its entries e with weight w and scoring row u (kernel_item_gradient), so by the triangle
/// inequality its length is at most
///   dot:       sum |w| |u|
///   cosine:    sum |w| |u| / |item|              (what is taken out along the item only shortens it)
///   euclidean: 2 (sum |w| |u| + sum |w| |item|)
/// plus that of the regularizer, |per_occurrence * entries + per_row| |item|. Up to rounding: each sum here and in the gradient
/// is off by at most its number of terms (entries, or the row's elements) times 2^-24 of the bound. Infinite where a float could
/// overflow on the way to the gradient.
double kernel_bound_items(const kernel_item_batch *batch, const float *lengths, int64_t first, int64_t end);

/// The same for users whose rows' gradients are known: unique user i owns rows members[offsets[i]]..., whose parameter gradients
/// `row_gradients[member * stride]` are summed in that order.
double kernel_update_users(const kernel_item_batch *batch, const int32_t *users, const int32_t *members,
                           const float *row_gradients, int64_t first, int64_t end);

/// Steps the rows whose gradients were stored, scaled by `factor`. `offsets` as above for items.
void kernel_apply_item_gradients(const kernel_item_batch *batch, float factor, int64_t first, int64_t end);
void kernel_apply_user_gradients(const kernel_item_batch *batch, const int32_t *users, float factor, int64_t first, int64_t end);

/// Puts a row that is longer than `limit` back to that length, in its direction.
void kernel_limit_row(const kernel_table *table, int64_t row, float limit);

#endif
