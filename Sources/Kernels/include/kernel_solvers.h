#ifndef KERNEL_SOLVERS_H
#define KERNEL_SOLVERS_H

#include <stdint.h>

// Weighted least squares of many rows against one fixed table, as alternating least squares needs them.
//
// A row x that has the items I, each with confidence c, others with 1, minimizes
//
//     sum_i c_i (r_i - x.y_i)^2 + l |x|^2,       r_i = 1 for i in I, else 0:
//     x = (A + (c - 1) sum_I y y')^-1 c sum_I y, A = Y'Y + l I = L L'
//
// With z = L^-1 y and x = L'^-1 w it becomes w = c (1 + (c - 1) Z'Z)^-1 Z' 1 over the rows z of I alone. The eigenvalues of that matrix
// are between 1 and c whatever the data, and a row with fewer items than numbers is solved in as many unknowns as it has items,
// w = c Z' (1 + (c - 1) Z Z')^-1 1.
//
// Rows are `stride` floats apart, a multiple of 16, padded with zeros, and aligned to 64 bytes.

/// Adds to `gram`, [dim, dim] in float64, the products of the columns of `count` rows: the part on and above the diagonal.
///
/// `workspace` is [stride, stride].
void kernel_add_gram(const float *rows, long count, long stride, long dim, float *workspace, double *gram);

/// out = rows * matrix, where `matrix` is [dim, stride]. `out` may be `rows`. `workspace` is [4, stride].
void kernel_transform_rows(const float *rows, long count, long stride, long dim, const float *matrix, float *workspace,
                           float *out);

/// What a block of rows is solved with.
typedef struct {
  const float *fixed;       ///< z of every row of the other side, [other side, stride].
  const long *offsets;      ///< Row r has the entries offsets[r]..<offsets[r + 1] of `indices`.
  const int32_t *indices;   ///< Rows of `fixed`.
  long stride;
  long dim;
  float confidence;         ///< c, above 0.
  long steps;               ///< Of the conjugate gradient, from the rows that are in `out`; 0 solves exactly.
} kernel_weighted_rows;

/// Floats that the function below needs, 64-byte aligned.
long kernel_weighted_rows_workspace(long stride);

/// Writes w of the rows first..<last to out[(r - first) * stride].
///
/// Returns what they add to the objective: the sum over rows of |w|^2 + sum_I (c (1 - z.w)^2 - (z.w)^2), which is their squared errors
/// over all items, and l |x|^2.
double kernel_solve_weighted_rows(const kernel_weighted_rows *problem, long first, long last, float *workspace, float *out);

#endif
