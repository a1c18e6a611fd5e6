#ifndef KERNEL_PRODUCTS_H
#define KERNEL_PRODUCTS_H

#include <stdint.h>

// Products of rows with a few columns, and what samplers and clusterings make of them. Rows are `stride` floats apart, a multiple of
// 16, and zero from `dim` on. `columns` is [dim, width]: the numbers of one column are `width` apart, a multiple of 16. What is
// computed of a row does not depend on the rows beside it.

/// out[r - first, k] = <row r, column k> for the rows first..<end; out is [end - first, width].
void kernel_row_products(const float *rows, long stride, long dim, const float *columns, long width, long first, long end,
                         float *out);

/// labels[r] = the column k for which <row r, column k> - offsets[k] is largest, the first of equal ones, for the rows first..<end.
/// With offsets of half a center's squared length it is the nearest center. Columns that are padding have an offset of infinity.
/// `scratch` has room for 4 * width floats.
void kernel_nearest_columns(const float *rows, long stride, long dim, const float *columns, const float *offsets, long width,
                            long first, long end, float *scratch, int32_t *labels);

/// The sum of |row r - center labels[r]|^2 over the rows first..<end; centers are `stride` apart.
double kernel_squared_distances(const float *rows, long stride, const float *centers, const int32_t *labels, long first, long end);

/// distances[r] = min(distances[r], |row r - center|^2) for the rows first..<end. Returns their sum.
double kernel_shorten_distances(const float *rows, long stride, const float *center, long first, long end, float *distances);

/// The mean of the rows that `members` lists, summed in double in their order.
void kernel_mean_row(const float *rows, long stride, const int32_t *members, long count, float *mean);

/// Replaces each row's similarities with `count` clusters by softmax_k((similarity_k - offsets_k) * sharpness), zeros up to `width`;
/// labels[r] is the most similar one, the first of equal ones. Padding has an offset of infinity.
void kernel_soft_assignments(float *similarities, const float *offsets, long width, long row_count, float sharpness,
                             int32_t *labels);

/// Replaces each row's assignments b by the derivative with respect to the similarities, b_k (g_k - sum_l b_l g_l) * sharpness, for
/// the derivatives g with respect to the assignments.
void kernel_soft_assignment_gradients(float *assignments, const float *gradients, long width, long row_count, float sharpness);

/// A batch whose items are stood in for by their most similar centers, with the derivative of the mixture behind them.
typedef struct {
  const float *users;         ///< [users, stride]
  const float *scores;        ///< [users, width]: each user's row times each center.
  const int32_t *user_slots;  ///< [rows]: the user of each row.
  const float *slopes;        ///< [rows * columns]: the derivative with respect to the score of each place.
  const int32_t *offsets;     ///< Item i is at places[offsets[i]] up to places[offsets[i + 1]].
  const int32_t *places;
  const int32_t *labels;  ///< The most similar center of each item.
  long columns, stride, width;
  float sharpness;
} kernel_stand_ins;

/// For the items first..<end: replaces their assignments b, [end - first, width], by the derivative with respect to the similarities,
/// b_k (g_k - sum_l b_l g_l) * sharpness, where g_k is the sum over an item's places of slope * score of that place's user with center
/// k; adds slope * the user's row to the item's row of center_sums, [centers, stride]. `scratch` has room for `width` floats.
void kernel_straight_through_gradients(const kernel_stand_ins *batch, long first, long end, float *assignments, float *scratch,
                                       float *center_sums);

/// sums[k, d] += the sum over rows n, in their order, of factors[n, k] * rows[n, d], for k < count and d < stride. Factors are
/// [row_count, width], sums [count, stride].
void kernel_add_outer_products(const float *factors, long width, long count, const float *rows, long stride, long row_count,
                               float *sums);

/// sums[k] += the sum over rows, in their order, of rows[n, k], for k < width, a multiple of 16.
void kernel_add_rows(const float *rows, long width, long row_count, float *sums);

/// Items whose weights are summed before they are added to the running sum.
#define KERNEL_SOFTMAX_BLOCK 256

/// For 16 columns at once, scores [count, 16]: replaces each score by exp(score - top), top the highest of its column, and writes the
/// running sums after each block of items, [blocks, 16]. -inf becomes exactly 0. A column with NaN, or without a finite score, has sums
/// that are no numbers.
void kernel_softmax_columns(float *scores, long count, float *tops, double *sums);

/// The item of one column at `uniform` of the way through its sum, never one of weight 0. `weights` and `sums` begin at the column.
int32_t kernel_softmax_draw(const float *weights, long count, const double *sums, double uniform);

#endif
