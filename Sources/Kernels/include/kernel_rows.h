#ifndef KERNEL_ROWS_H
#define KERNEL_ROWS_H

#include <stdint.h>

// Rows of embedding tables. Every row is `stride` floats, a multiple of 16, aligned to 64 bytes, zero beyond the dimension:
// no loop over a row has a tail.

/// How a score is made of a user's and an item's row.
enum kernel_score {
  /// <u, v>
  KERNEL_SCORE_DOT = 0,
  /// <u, v> with the user already of unit length, times the item's inverse length
  KERNEL_SCORE_COSINE = 1,
  /// -|u - v|^2 = 2 <u, v> - |u|^2 - |v|^2, and 0 where that rounds above it
  KERNEL_SCORE_EUCLIDEAN = 2,
};

/// The norm floor of cosine scores.
#define KERNEL_NORM_FLOOR 1e-12f

/// out[n] = score of the user row against item rows[n].
/// `scale` is each item's inverse length (cosine) or squared length (euclidean), unused for dot.
/// `user_square` is |u|^2 (euclidean).
void kernel_score_rows(int score, const float *user, float user_square, const float *table, const float *scale,
                       const int32_t *rows, long count, long stride, float *out);

/// The derivative of sum_e weight[e] * score(users[user_rows[e]], item) with respect to the item row, into `gradient`.
/// `item_scale` as in kernel_score_rows. `users` holds the rows that scored (cosine: of unit length, after dropout).
void kernel_item_gradient(int score, const float *users, const int32_t *user_rows, const float *weight, long count,
                          const float *item, float item_scale, long stride, float *gradient);

/// The scale that kernel_score_rows wants, for `count` rows starting at `rows`.
void kernel_row_scales(int score, const float *rows, long count, long stride, float *scale);

/// The length of `count` rows starting at `rows`.
void kernel_row_lengths(const float *rows, long count, long stride, float *lengths);

/// The rows of a batch: each has a user and `width` items.
typedef struct {
  int32_t score;
  int32_t mask_before;
  int64_t stride, width;
  /// Tables of parameters, and the items' scales.
  const float *users, *items, *item_scale;
  /// [B] and [B, width].
  const int32_t *user_rows, *item_rows;
  /// Factors of dropout, [B, stride]; NULL for none.
  const float *masks;
  /// [B, stride]: the users' rows after dropout and normalization.
  float *scoring_rows;
  /// [B, width], and the derivative of the loss with respect to them.
  float *scores;
  const float *gradients;
  /// [B, stride]: the derivative with respect to each row's user parameters.
  float *row_gradients;
  /// [stride]: the row's boundary is <scoring row, boundary_weights> + boundary_offset; NULL where there is none.
  const float *boundary_weights;
  float boundary_offset;
  /// [B], and the derivative of the loss with respect to it.
  float *boundary;
  const float *boundary_gradients;
} kernel_batch_rows;

/// Writes scoring rows and scores of first..<end.
void kernel_forward_rows(const kernel_batch_rows *batch, int64_t first, int64_t end);

/// Writes the row gradients of first..<end.
void kernel_backward_rows(const kernel_batch_rows *batch, int64_t first, int64_t end);

/// How the items of a batch are dropped, each on its own for each score: inner products only.
typedef struct {
  /// The draws' stream, and the number in the epoch of the batch's first score.
  uint64_t key, first_score;
  float rate;
  /// Elements that may be dropped; those beyond (biases) always count.
  int64_t dim;
  /// [B, width, stride]: which elements count.
  uint8_t *kept;
  /// [B, width, stride]: what each item's row met, the user's scoring row times the item's factors. The item's gradient is the
  /// derivative of its score times this.
  float *partners;
} kernel_dropped_items;

/// As kernel_forward_rows for score DOT; draws which elements of the items count.
void kernel_forward_dropped_rows(const kernel_batch_rows *batch, const kernel_dropped_items *items, int64_t first, int64_t end);

/// As kernel_backward_rows.
void kernel_backward_dropped_rows(const kernel_batch_rows *batch, const kernel_dropped_items *items, int64_t first, int64_t end);

/// Copies table rows as they score: of unit length for cosine scores, else as they are. `out` is [count, stride].
void kernel_copy_scoring_rows(int score, const float *table, const float *scale, const int32_t *rows, int64_t count,
                              int64_t stride, float *out);

/// Copies the first `columns` numbers of the listed rows, to [count, columns].
void kernel_gather_rows(const float *table, int64_t stride, const int32_t *rows, int64_t count, int64_t columns, float *out);

/// target *= factor
void kernel_multiply(float *target, float factor, long count);

/// target[i] += values[i]
void kernel_add(float *target, const float *values, long count);

/// sums[i] += factor * row of `table` that rows[i] names, for `count` rows of `stride`.
void kernel_add_scaled_rows(float *sums, const float *table, const int32_t *rows, int64_t count, int64_t stride, float factor);

/// sums[places[i]] += weights[i] * row of `table` that rows[i] names, `columns` numbers of rows of `stride`; no place twice.
void kernel_add_weighted_rows(float *sums, const int32_t *places, const float *table, const int32_t *rows, const float *weights,
                              int64_t count, int64_t stride, int64_t columns);

/// Sum of squares in double.
double kernel_sum_of_squares(const float *values, long count);

/// Dropout factors of one row: each 0 with probability `rate`, else 1/(1-rate); lane i from position first + i of stream `key`.
void kernel_dropout_mask(uint64_t key, uint64_t first, float rate, long stride, float *mask);

#endif
